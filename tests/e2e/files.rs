//! Files that cannot be used: the window opens all the same, says what is wrong, and answers.

use std::fs;

use crate::profile::Profile;

const QUESTION: &str = "How many stories have upstream keyword?";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_cannot_be_read_are_set_aside_and_said() {
    let profile = Profile::new();
    fs::create_dir_all(profile.data_folder()).unwrap();
    fs::write(profile.data_folder().join("settings.json"), "{\"mcpServers\": {broken").unwrap();
    let window = profile.open().await;
    window.page.until("document.body.innerText.includes('was set aside')").await;
    window.page.picture("set-aside").await;
    let names = fs::read_dir(profile.data_folder()).unwrap().flatten();
    let mut names = names.map(|entry| entry.file_name().into_string().unwrap());
    assert!(names.any(|name| name.starts_with("settings.json.bad-")));
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_answered_where_nothing_can_be_kept() {
    let profile = Profile::new();
    // A file where the folder should be: nobody can write into that, root neither.
    fs::create_dir_all(profile.data_folder().parent().unwrap()).unwrap();
    fs::write(profile.data_folder(), "").unwrap();
    let window = profile.open().await;
    window.page.until("document.body.innerText.includes('they are not kept')").await;
    window.page.ask(QUESTION).await;
    window.page.until("document.querySelector('[data-testid=answer] .citation') !== null").await;
    window.page.picture("not-kept").await;
}
