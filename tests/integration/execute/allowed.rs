//! What a person allowed once and for all.

use serde_json::{Value, json};
use trawl_core::event::{AskedTool, Effect, EventKind, TaskStatus};
use trawl_core::execute::Standing;
use trawl_core::mcp::Connections;
use trawl_core::request::Approval;
use trawl_core::task::Task;
use trawl_tests::scripted::Scripted;
use trawl_tests::stage::{Played, Stage, server_entry, task};

fn stage() -> (Stage, Scripted, Scripted) {
    let connections = Connections::new(None);
    let notes = Scripted::attach(&connections, "notes", server_entry(json!({})));
    let web = Scripted::attach(&connections, "web", server_entry(json!({})));
    (Stage { connections, approval: Approval::Ask, ..Stage::default() }, notes, web)
}

fn call(n: usize, tool: &str) -> Task {
    task(n, tool, json!({"task": n, "script": ["ok"]}))
}

/// The definition of a tool, as a host sees it.
async fn definition(stage: &Stage, server: &str, tool: &str) -> String {
    stage.connections.connected(server).await.unwrap();
    let status = stage.connections.status().into_iter().find(|status| status.name == server);
    let tools = status.unwrap().tools;
    tools.into_iter().find(|known| known.name == tool).unwrap().definition
}

/// Plays a plan; a person denies whatever is asked about.
async fn denying(stage: &Stage, plan: impl IntoIterator<Item = Task>) -> Played {
    let mut playing = stage.play().await;
    let asked = playing.recorder.follow(None);
    let control = playing.control.clone();
    let person = tokio::spawn(async move {
        let mut asked = Box::pin(asked);
        while let Some(event) = futures::StreamExt::next(&mut asked).await {
            if let EventKind::ApprovalRequested { indexes, .. } = &event.kind {
                control.resolve(&[], indexes);
            }
        }
    });
    plan.into_iter().for_each(|task| playing.plan(task));
    let played = playing.ended().await;
    person.await.unwrap();
    played
}

fn asked(played: &Played) -> Vec<AskedTool> {
    let tools = |event: &std::sync::Arc<trawl_core::event::Event>| match &event.kind {
        EventKind::ApprovalRequested { tools, .. } => tools.clone(),
        _ => Vec::new(),
    };
    played.events.iter().flat_map(tools).collect()
}

#[tokio::test(start_paused = true)]
async fn an_allowed_tool_runs_unasked_until_that_is_taken_back() {
    let (stage, notes, _) = stage();
    let write = definition(&stage, "notes", "write").await;
    stage.allowed.replace([("notes", "write", write.as_str())]);
    let played = denying(&stage, [call(1, "notes__write"), call(2, "notes__put")]).await;
    assert_eq!(played.status(0), TaskStatus::Completed);
    assert_eq!(played.failure(1).0, "denied");
    let [put] = asked(&played).try_into().unwrap();
    assert_eq!((put.index, put.read_only, put.destructive, put.changed), (1, false, true, false));
    assert_eq!(put.definition, definition(&stage, "notes", "put").await);

    stage.allowed.replace([]);
    let played = denying(&stage, [call(1, "notes__write")]).await;
    assert_eq!(played.failure(0).0, "denied");
    assert_eq!(notes.log().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_tool_with_another_definition_is_asked_about_again() {
    let (stage, notes, _) = stage();
    stage.allowed.replace([("notes", "write", "sha256:0")]);
    let played = denying(&stage, [call(1, "notes__write")]).await;
    assert_eq!(played.failure(0).0, "denied");
    assert!(asked(&played)[0].changed);
    assert!(notes.log().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_allowed_tool_is_asked_about_when_it_would_carry_anothers_results() {
    let (stage, _, web) = stage();
    let put = definition(&stage, "notes", "put").await;
    let fetch = definition(&stage, "web", "fetch").await;
    stage.allowed.replace([("notes", "put", put.as_str()), ("web", "fetch", fetch.as_str())]);
    let carried: Value = json!({"task": 2, "words": "${t1:/words}"});
    let played = denying(&stage, [call(1, "notes__put"), task(2, "web__fetch", carried)]).await;
    assert_eq!(played.status(0), TaskStatus::Completed);
    assert_eq!(played.failure(1).0, "denied");
    let [fetch] = asked(&played).try_into().unwrap();
    assert!(fetch.read_only);
    assert_eq!((fetch.server.as_str(), fetch.tool.as_str()), ("web", "fetch"));
    assert_eq!((fetch.effects, fetch.sends_from), (vec![Effect::Sends], vec!["notes".to_owned()]));
    assert!(web.log().is_empty());
}

/// It changes something and carries something out, and its tool is always allowed.
#[tokio::test(start_paused = true)]
async fn what_a_call_does_is_told_whole_and_nothing_new_becomes_allowed() {
    let (stage, _, _) = stage();
    let connections = &stage.connections;
    let mail = Scripted::attach(connections, "mail", server_entry(json!({"readOnly": false})));
    let write = definition(&stage, "mail", "send").await;
    stage.allowed.replace([("mail", "send", write.as_str())]);
    let carried = json!({"task": 2, "words": "${t1:/words}"});
    let mut playing = stage.play().await;
    playing.plan(call(1, "notes__read"));
    playing.plan(task(2, "mail__send", carried));
    playing.until(|kind| matches!(kind, EventKind::ApprovalRequested { .. })).await;
    playing.control.resolve(&[1], &[]);
    let played = playing.ended().await;
    let [send] = asked(&played).try_into().unwrap();
    assert_eq!(send.effects, [Effect::Destroys, Effect::Sends]);
    let resolved =
        EventKind::ApprovalResolved { approved: vec![1], denied: vec![], always: vec![] };
    assert!(played.events.iter().any(|event| event.kind == resolved), "{:#?}", played.events);
    assert_eq!(mail.log().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_trusted_is_asked_about_until_it_is() {
    let (stage, notes, web) = stage();
    let stage = Stage { trusts: false, ..stage };
    let played = denying(&stage, [call(1, "notes__read"), call(2, "notes__put")]).await;
    assert_eq!((played.failure(0).0, played.failure(1).0), ("denied", "denied"));
    let effects: Vec<_> = asked(&played).into_iter().map(|call| call.effects).collect();
    assert_eq!(effects, [vec![Effect::Untrusted], vec![Effect::Destroys, Effect::Untrusted]]);
    assert!(notes.log().is_empty());

    // The host writes it down while the run goes on: nobody is asked again, not even in this run.
    let mut playing = stage.play().await;
    playing.plan(call(1, "notes__read"));
    playing.until(|kind| matches!(kind, EventKind::ApprovalRequested { .. })).await;
    stage.allowed.trust(["notes"]);
    playing.control.resolve(&[0], &[]);
    playing.plan(call(2, "notes__read"));
    let played = playing.ended().await;
    assert_eq!((asked(&played).len(), notes.log().len()), (1, 2));

    // Others are not trusted by that.
    let played = denying(&stage, [call(1, "notes__read"), call(2, "web__fetch")]).await;
    assert_eq!((played.status(0), played.failure(1).0), (TaskStatus::Completed, "denied"));
    assert!(web.log().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_persons_word_that_a_server_only_reads_needs_no_trust() {
    let connections = Connections::new(None);
    let entry = server_entry(json!({"readOnly": true}));
    let notes = Scripted::attach(&connections, "notes", entry);
    let approval = Approval::Ask;
    let stage = Stage { connections, approval, trusts: false, ..Stage::default() };
    let played = denying(&stage, [call(1, "notes__put")]).await;
    assert_eq!((played.status(0), notes.log().len()), (TaskStatus::Completed, 1));
}

/// On the command line the settings are the person's word.
#[tokio::test(start_paused = true)]
async fn where_nobody_can_be_asked_marks_count_and_every_reason_is_named() {
    let (stage, notes, web) = stage();
    let stage = Stage { approval: Approval::ReadOnly, trusts: false, ..stage };
    let carried = json!({"task": 2, "words": "${t1:/words}"});
    let plan = [call(1, "notes__read"), task(2, "web__send", carried), call(3, "web__write")];
    let played = stage.run(plan).await;
    assert_eq!(played.status(0), TaskStatus::Completed);
    let (code, words) = played.failure(1);
    assert_eq!(code, "needs_approval");
    assert!(words.contains("send of server \"web\" is not marked as read-only"), "{words}");
    assert!(words.contains("results of server \"notes\" would go to"), "{words}");
    assert!(words.contains("--approve all") && !words.contains("readOnly"), "{words}");
    assert!(played.failure(2).1.contains("\"readOnly\": true"), "{}", played.failure(2).1);
    assert!(web.log().is_empty() && notes.log().len() == 1);
}

#[tokio::test(start_paused = true)]
async fn what_becomes_allowed_while_asking_is_told() {
    let (stage, _, _) = stage();
    let write = definition(&stage, "notes", "write").await;
    let mut playing = stage.play().await;
    playing.plan(call(1, "notes__write"));
    playing.plan(call(2, "notes__put"));
    playing.until(|kind| matches!(kind, EventKind::ApprovalRequested { .. })).await;
    stage.allowed.replace([("notes", "write", write.as_str())]);
    playing.control.resolve(&[0, 1], &[]);
    let played = playing.ended().await;
    let resolved =
        EventKind::ApprovalResolved { approved: vec![0, 1], denied: vec![], always: vec![0] };
    assert!(played.events.iter().any(|event| event.kind == resolved), "{:#?}", played.events);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_where_nobody_can_be() {
    let (stage, notes, _) = stage();
    let write = definition(&stage, "notes", "write").await;
    stage.allowed.replace([("notes", "write", write.as_str())]);
    assert_eq!(
        stage.allowed.standing(&stage.connections.connected("notes").await.unwrap().tools()[2]),
        Standing::Allowed
    );
    // The command line has a switch of its own.
    let stage = Stage { approval: Approval::ReadOnly, ..stage };
    let played = stage.run([call(1, "notes__write")]).await;
    assert_eq!(played.failure(0).0, "needs_approval");
    assert!(notes.log().is_empty());
}
