use super::*;

fn met(status: u16, retry_after: Option<&str>) -> TryOutcome {
    let mut headers = HeaderMap::new();
    if let Some(value) = retry_after {
        headers.insert(RETRY_AFTER, value.parse().unwrap());
    }
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    classify(StatusCode::from_u16(status).unwrap(), &headers, now)
}

fn again(status: u16, after: Option<u64>) -> TryOutcome {
    TryOutcome::Again(format!("it answered {status}"), after.map(Duration::from_secs))
}

#[test]
fn only_a_busy_or_broken_target_is_tried_again() {
    assert_eq!(met(200, None), TryOutcome::Taken);
    assert_eq!(met(204, None), TryOutcome::Taken);
    for status in [429, 500, 502, 503, 504] {
        assert_eq!(met(status, None), again(status, None));
    }
    for status in [400, 401, 403, 404, 410, 413] {
        assert_eq!(met(status, None), TryOutcome::Refused(format!("it answered {status}")));
    }
    for status in [301, 302, 307, 308] {
        assert_eq!(
            met(status, None),
            TryOutcome::Refused(format!("it answered {status}, and redirects are not followed"))
        );
    }
}

#[test]
fn a_target_may_say_when_to_come_back() {
    assert_eq!(met(429, Some("7")), again(429, Some(7)));
    assert_eq!(met(503, Some("Thu, 01 Jan 2026 00:00:30 GMT")), again(503, Some(30)));
    assert_eq!(met(503, Some("Wed, 31 Dec 2025 00:00:00 GMT")), again(503, None));
    assert_eq!(met(503, Some("soon")), again(503, None));
}

#[test]
fn waits_double_and_end_and_the_targets_own_word_counts_up_to_a_minute() {
    let policy = Policy::default();
    let waits: Vec<_> = (1..=5).map(|n| policy.after(n, None)).collect();
    let seconds = |s| Some(Duration::from_secs(s));
    assert_eq!(waits, [seconds(1), seconds(2), seconds(4), seconds(8), None]);
    assert_eq!(policy.after(1, seconds(30)), seconds(30));
    assert_eq!(policy.after(4, seconds(2)), seconds(8));
    assert_eq!(policy.after(1, seconds(3600)), seconds(60));
    assert_eq!(policy.after(5, seconds(30)), None);
}
