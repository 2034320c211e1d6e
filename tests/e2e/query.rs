//! The whole way through: ask, see tasks run and an answer, open a result, and find it all again.

use crate::profile::Profile;

const QUESTION: &str = "How many stories have upstream keyword?";

/// Searches the result that is open.
const SEARCH: &str = "evidence-panel input[type=search]";

const ESCAPE: &str = "\u{E00C}";

/// Tasks in their order, as the page shows them.
const TASKS: &str = "JSON.stringify([...document.querySelectorAll('[data-testid=task]')].map((row) => \
    [row.dataset.index, row.dataset.status, row.querySelector('.row-arguments, .row-label')?.textContent]))";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_answered_and_found_again_after_a_restart() {
    let profile = Profile::new();
    let window = profile.open().await;
    let page = &window.page;
    let focused = page.until("document.activeElement?.dataset.testid").await;
    assert_eq!(focused, "question");
    page.until(
        "document.querySelector('[data-testid=question]') && document.readyState === 'complete'",
    )
    .await;
    page.picture("start").await;

    page.ask(QUESTION).await;
    let summary = page.summary().await;
    page.until("document.querySelector('[data-testid=answer] .citation') !== null").await;
    let answer = page.text("[data-testid=answer]").await;
    assert!(answer.contains("no language model"), "{answer}");
    assert!(summary.contains("completed") && summary.contains("0 failed"), "{summary}");
    page.picture("answered").await;

    page.unfold().await;
    page.find("[data-testid=task][data-status=completed]").await;
    let tasks = page.run(&format!("return {TASKS};"), vec![]).await;
    let completed = page.count("[data-testid=task][data-status=completed]").await;
    assert!(completed >= 2, "{tasks}");
    assert_eq!(page.count("[data-testid=step]").await, 4);

    page.click("[data-testid=task][data-index=\"0\"]").await;
    page.until("document.querySelector('[data-testid=task-result]')?.textContent.length > 40")
        .await;
    page.picture("evidence").await;

    // Escape takes back one thing at a time: the words, the panel.
    page.write(SEARCH, "upstream").await;
    page.press(SEARCH, ESCAPE).await;
    page.until(&format!("document.querySelector('{SEARCH}').value === ''")).await;
    page.press(SEARCH, ESCAPE).await;
    page.until("document.querySelector('aside.evidence').hidden").await;

    window.close().await;
    let window = profile.open().await;
    let page = &window.page;
    page.until(&format!(
        "document.querySelector('[data-testid=history-item]')?.textContent.includes({QUESTION:?})"
    ))
    .await;
    page.click("[data-testid=history-item]").await;
    page.until("document.querySelector('[data-testid=answer] .citation') !== null").await;
    assert_eq!(page.text("[data-testid=answer]").await, answer);
    assert_eq!(page.summary().await, summary);
    page.unfold().await;
    page.find("[data-testid=task][data-status=completed]").await;
    assert_eq!(page.run(&format!("return {TASKS};"), vec![]).await, tasks);
    page.click("[data-testid=task][data-index=\"0\"]").await;
    page.until("document.querySelector('[data-testid=task-result]')?.textContent.length > 40")
        .await;
    window.close().await;
}
