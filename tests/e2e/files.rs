//! Bad files: the window opens all the same and says what is wrong.

use std::fs;

use crate::profile::Profile;

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
