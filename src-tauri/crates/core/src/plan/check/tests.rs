//! Tasks of every kind, and what is sent of them.

use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::*;
use crate::event::Event;

fn catalog() -> Catalog {
    let schema = json!({"type": "object", "required": ["q"], "additionalProperties": false,
        "properties": {"q": {"type": "string"}, "size": {"type": "integer"}}});
    let tool = |name: &str| Arc::new(Tool::of("s", name, &schema));
    Catalog::new([tool("find"), tool("list")])
}

fn raw(id: Option<&str>, tool: &str, arguments: Value) -> RawTask {
    RawTask {
        id: id.map(str::to_owned),
        tool_name: tool.to_owned(),
        tool_arguments: arguments,
        ..RawTask::default()
    }
}

/// Checks tasks; returns what was sent, as `index:id:arguments`, `index!code` or `index=aliases`. A
/// task without a tool's name is an element that is no task.
fn check(most: usize, raws: Vec<RawTask>, repaired: Vec<(usize, RawTask)>) -> Vec<String> {
    checked(most, raws, repaired).0
}

/// The same, and what each task is told to depend on.
fn checked(
    most: usize,
    raws: Vec<RawTask>,
    repaired: Vec<(usize, RawTask)>,
) -> (Vec<String>, Vec<Vec<usize>>) {
    let (catalog, recorder) = (catalog(), Recorder::start(None, Uuid::nil(), "?", None));
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let mut checker = Checker::new(&catalog, &recorder, &sender, most);
    for raw in raws {
        if raw.tool_name.is_empty() {
            checker.skip();
        } else {
            checker.take(raw);
        }
    }
    checker.end();
    for (index, raw) in repaired {
        checker.repair(index, raw);
    }
    checker.finish();
    drop(sender);
    let mut sent = Vec::new();
    while let Ok(planned) = receiver.try_recv() {
        sent.push(match planned {
            Planned::Alias(index, name) => format!("{index}={name}"),
            Planned::Task(index, task) => {
                let names = [vec![task.id], task.aliases].concat();
                format!("{index}:{}:{}", names.join("="), task.arguments)
            }
            Planned::Rejected(index, rejected) => format!("{index}!{}", rejected.failure.code),
        });
    }
    let depends_on = |event: &Arc<Event>| match &event.kind {
        EventKind::TaskPlanned { depends_on, .. } => Some(depends_on.clone()),
        _ => None,
    };
    (sent, recorder.events().iter().filter_map(depends_on).collect())
}

/// A call of `list` that waits for a task of this name.
fn after(name: &str, id: Option<&str>, query: &str) -> RawTask {
    let depends_on = Some(vec![name.to_owned()]);
    RawTask { depends_on, ..raw(id, "list", json!({"q": query})) }
}

#[test]
fn tasks_are_resolved_named_and_told_apart() {
    let sent = check(
        9,
        vec![
            raw(None, "find", json!({"q": "a", "size": null})),
            raw(Some("again"), "s__find", json!({"q": "a"})),
            raw(Some("t1"), "list", json!({"q": "b"})),
            raw(None, "list", json!({"size": "3", "q": 7})),
            raw(None, "list", json!({"q": "${t1:/x}"})),
        ],
        Vec::new(),
    );
    assert_eq!(
        sent,
        [
            r#"0:t1:{"q":"a"}"#,
            "0=again",
            "1!duplicate_id",
            r#"2:t4:{"size":3,"q":"7"}"#,
            r#"3:t5:{"q":"${t1:/x}"}"#
        ]
    );
}

#[test]
fn a_repaired_task_keeps_its_place() {
    let broken = vec![
        raw(None, "nothing", json!({})),
        raw(None, "find", json!({"q": "a"})),
        raw(None, "find", json!({"size": 1})),
    ];
    let repaired = vec![
        (0, raw(Some("x"), "find", json!({"q": "c"}))),
        (2, raw(None, "find", json!({"size": "no"}))),
    ];
    assert_eq!(
        check(9, broken.clone(), repaired),
        [r#"1:t2:{"q":"a"}"#, r#"0:t1:{"q":"c"}"#, "2!invalid_arguments"]
    );
    assert_eq!(check(2, broken, Vec::new()), [r#"1:t2:{"q":"a"}"#, "0!unknown_tool"]);
}

#[test]
fn a_name_is_the_place_in_the_plan_whatever_stands_before_it() {
    let find = |q: &str| raw(None, "find", json!({"q": q}));
    let plan = vec![find("a"), find("a"), raw(None, "", json!({})), find("b"), find("${t4:/x}")];
    assert_eq!(
        check(9, plan, Vec::new()),
        [r#"0:t1:{"q":"a"}"#, "0=t2", r#"1:t4:{"q":"b"}"#, r#"2:t5:{"q":"${t4:/x}"}"#]
    );
    // Nobody is called by the name of what is no task; a task that takes it has it.
    let plan =
        vec![raw(None, "", json!({})), find("a"), raw(Some("t1"), "find", json!({"q": "b"}))];
    assert_eq!(check(9, plan, Vec::new()), [r#"0:t2:{"q":"a"}"#, r#"1:t1:{"q":"b"}"#]);
}

#[test]
fn calls_are_compared_as_they_will_be_made() {
    let sized = |size: Value| raw(None, "find", json!({"q": "a", "size": size}));
    let sent = check(9, vec![sized(json!("3")), sized(json!(3)), sized(json!(3.0))], Vec::new());
    assert_eq!(sent, [r#"0:t1:{"q":"a","size":3}"#, "0=t2", "0=t3"]);
    let filled = |q: &str, size: Value| raw(None, "find", json!({"q": q, "size": size}));
    let sent = check(9, vec![filled("${x}", json!("3")), filled("${x}", json!(3))], Vec::new());
    assert_eq!(sent, [r#"0:t1:{"q":"${x}","size":3}"#, "0=t2"]);
}

#[test]
fn a_task_that_failed_by_its_name_does_not_stand_for_a_later_one() {
    let plan = vec![
        raw(Some("a"), "find", json!({"q": "a"})),
        raw(Some("a"), "find", json!({"q": "b"})),
        raw(Some("c"), "find", json!({"q": "b"})),
    ];
    let sent = check(9, plan, Vec::new());
    assert_eq!(sent, [r#"0:a:{"q":"a"}"#, "1!duplicate_id", r#"2:c:{"q":"b"}"#]);
}

#[test]
fn names_of_a_broken_task_lead_to_it_whatever_becomes_of_it() {
    let plan = || {
        let wrong = || raw(None, "find", json!({"size": "many"}));
        vec![raw(None, "list", json!({"q": "a"})), wrong(), wrong()]
    };
    let sent = check(9, plan(), Vec::new());
    assert_eq!(sent, [r#"0:t1:{"q":"a"}"#, "1!invalid_arguments", "1=t3"]);
    let sent = check(9, plan(), vec![(1, raw(None, "find", json!({"q": "b"})))]);
    assert_eq!(sent, [r#"0:t1:{"q":"a"}"#, r#"1:t2=t3:{"q":"b"}"#]);
    // A repair that makes it another task's call: its names lead there.
    let sent = check(9, plan(), vec![(1, raw(None, "list", json!({"q": "a"})))]);
    assert_eq!(sent, [r#"0:t1:{"q":"a"}"#, "0=t2", "0=t3", "1!duplicate_call"]);
}

#[test]
fn a_task_may_be_named_by_its_tool_where_it_alone_calls_it() {
    let after = |name: &str, query: &str| after(name, None, query);
    let find = |query: &str| raw(None, "find", json!({"q": query}));
    let sent = check(9, vec![find("a"), after("s__find", "b"), find("${list:/x}")], Vec::new());
    assert_eq!(
        sent,
        [
            r#"0:t1:{"q":"a"}"#,
            "0=s__find",
            r#"1:t2:{"q":"b"}"#,
            "1=list",
            r#"2:t3:{"q":"${list:/x}"}"#
        ]
    );
    // The only one comes later, or is repaired.
    let sent = check(9, vec![after("find", "b"), find("a")], Vec::new());
    assert_eq!(sent, [r#"0:t1:{"q":"b"}"#, r#"1:t2:{"q":"a"}"#, "1=find"]);
    let broken = raw(None, "find", json!({"size": "many"}));
    let sent = check(9, vec![broken, after("find", "b")], vec![(0, find("a"))]);
    assert_eq!(sent, [r#"1:t2:{"q":"b"}"#, r#"0:t1=find:{"q":"a"}"#]);
    let unknown = raw(None, "nothing", json!({}));
    let sent = check(9, vec![unknown, after("find", "b")], vec![(0, find("a"))]);
    assert_eq!(sent, [r#"1:t2:{"q":"b"}"#, r#"0:t1:{"q":"a"}"#, "0=find"]);
    // Which of two is not known, and none is itself: the task fails by that name when it runs.
    let sent = check(9, vec![find("a"), find("b"), after("find", "c")], Vec::new());
    assert_eq!(sent.len(), 3, "{sent:?}");
    assert_eq!(check(9, vec![after("list", "a")], Vec::new()), [r#"0:t1:{"q":"a"}"#]);
}

#[test]
fn who_is_named_by_a_tool_is_told_at_once_where_no_task_has_an_id() {
    let find = |query: &str| raw(None, "find", json!({"q": query}));
    // The second `find` is none that the first waiting task can mean.
    let plan = vec![find("a"), after("find", None, "b"), find("c"), after("find", None, "d")];
    let (sent, depends_on) = checked(9, plan, Vec::new());
    assert_eq!(sent[..2], [r#"0:t1:{"q":"a"}"#, "0=find"]);
    assert_eq!(depends_on, [vec![], vec![0], vec![], vec![0]]);
}

#[test]
fn who_is_named_by_a_tool_is_told_before_the_repair_where_tasks_have_ids() {
    let find = |id: &str, arguments: Value| raw(Some(id), "find", arguments);
    let plan = vec![
        find("x", json!({"q": "a"})),
        after("find", Some("y"), "b"),
        find("z", json!({"size": "many"})),
        after("find", Some("w"), "d"),
    ];
    let sent = check(9, plan, vec![(2, find("z", json!({"q": "c"})))]);
    assert_eq!(
        sent,
        [r#"0:x:{"q":"a"}"#, r#"1:y:{"q":"b"}"#, r#"3:w:{"q":"d"}"#, "0=find", r#"2:z:{"q":"c"}"#]
    );
}

#[test]
fn a_tools_name_is_the_task_that_has_it_for_an_id() {
    let plan = vec![
        raw(Some("x"), "list", json!({"q": "a"})),
        RawTask {
            depends_on: Some(vec!["list".to_owned()]),
            ..raw(Some("y"), "find", json!({"q": "b"}))
        },
        raw(Some("list"), "list", json!({"q": "c"})),
    ];
    let sent = check(9, plan, Vec::new());
    assert_eq!(sent, [r#"0:x:{"q":"a"}"#, r#"1:y:{"q":"b"}"#, r#"2:list:{"q":"c"}"#]);
}

/// Two tools whose plain names are the same are called as they are named in the catalog.
#[test]
fn tools_of_one_plain_name_reach_execute_under_their_own() {
    let schema = json!({"type": "object"});
    let tools = [("a", "b__c"), ("a__b", "c")];
    let tools = tools.map(|(server, name)| Arc::new(Tool::of(server, name, &schema)));
    let catalog = Catalog::new(tools.clone());
    let recorder = Recorder::start(None, Uuid::nil(), "?", None);
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let mut checker = Checker::new(&catalog, &recorder, &sender, 9);
    for tool in &tools {
        checker.take(raw(None, &catalog.name_of(tool), json!({})));
    }
    checker.finish();
    for tool in &tools {
        let Ok(Planned::Task(_, task)) = receiver.try_recv() else { panic!("{tool:?}") };
        assert!(Arc::ptr_eq(catalog.resolve(&task.tool_name).unwrap(), tool));
    }
}
