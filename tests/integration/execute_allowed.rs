//! What a person allowed once and for all.

use serde_json::{Value, json};
use trawl_core::event::{AskedTool, EventKind, TaskStatus};
use trawl_core::execute::{Approval, Standing};
use trawl_core::mcp::Connections;
use trawl_core::plan::Task;
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
    assert!(asked(&played)[0].read_only);
    assert!(web.log().is_empty());
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
