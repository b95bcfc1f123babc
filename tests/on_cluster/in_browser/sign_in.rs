//! Signing in and out, with the form.

use crate::support::Fixture;
use crate::support::browser::Browser;

use super::{Chromium, DASHBOARD, Screen, Scripts, viewer};

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_signs_in_with_the_form_and_out_again() {
    let f = Fixture::with_arguments(DASHBOARD).await;
    let reader = Browser::new(&f, "viewer", viewer()).await;
    let chromium = Chromium::start(Scripts::On).await;
    let screen = Screen::new(&chromium, &reader.address);

    screen.open("/runs").await;
    assert_eq!(screen.text("h1").await, "Sign in");
    assert_eq!(screen.count("nav").await, 0, "a stranger is shown the way to pages");
    screen.sign_in(&reader.token).await;
    // Where one wanted to go.
    screen.until_text("h1", "Runs").await;
    assert_eq!(screen.path().await, "/runs");
    assert_eq!(screen.text(".reader").await, format!("{}:viewer", f.namespace));

    screen.click("form[action='/sign-out'] button").await;
    screen.until_text("h1", "Sign in").await;
    screen.open("/runs").await;
    assert_eq!(screen.text("h1").await, "Sign in", "who signed out is still known");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_nobody_knows_is_refused_in_words_and_can_be_tried_again() {
    let f = Fixture::with_arguments(DASHBOARD).await;
    let reader = Browser::new(&f, "viewer", viewer()).await;
    let chromium = Chromium::start(Scripts::On).await;
    let screen = Screen::new(&chromium, &reader.address);

    screen.open("/").await;
    screen.sign_in("not.a.token").await;
    screen.until_text(".notice", "Sign-in failed").await;
    assert!(screen.text(".notice p:last-child").await.contains("token"), "{}", screen.text(".notice").await);
    screen.sign_in(&reader.token).await;
    screen.until_text("h1", "Overview").await;
}
