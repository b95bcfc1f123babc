use super::*;

fn written(metrics: &Metrics) -> String {
    metrics.text(Format::Prometheus, Some(Live::default())).unwrap()
}

fn series(text: &str) -> usize {
    text.lines().filter(|l| l.starts_with("mission_control_")).count()
}

#[test]
fn a_counter_is_shown_under_our_prefix_with_its_label() {
    let metrics = Metrics::default();
    metrics.attempt_ended(Outcome::Done, None, Some(Duration::from_secs(3)));
    let text = written(&metrics);
    for line in [
        "mission_control_attempts_total{outcome=\"Done\"} 1",
        "mission_control_attempt_duration_seconds_bucket{outcome=\"Done\",le=\"5\"} 1",
        "mission_control_attempt_duration_seconds_count{outcome=\"Done\"} 1",
    ] {
        assert!(text.lines().any(|l| l == line), "no {line} in\n{text}");
    }
}

#[test]
fn ten_thousand_runs_add_no_series() {
    let metrics = Metrics::default();
    let before = series(&written(&metrics));
    for n in 0..10_000_u64 {
        metrics.runs_started.inc();
        for (outcome, _) in Outcome::ALL {
            metrics.attempt_ended(*outcome, Some(Cause::Disrupted), Some(Duration::from_millis(n)));
        }
        for (phase, _) in Phase::ALL.iter().filter(|(p, _)| p.is_terminal()) {
            metrics.run_finished(*phase, Some(Duration::from_secs(n)));
        }
        for (phase, _) in StepPhase::ALL.iter().filter(|(p, _)| p.is_finished()) {
            metrics.step_finished(*phase, Duration::from_secs(n));
        }
        Cause::ALL.iter().for_each(|(cause, _)| metrics.escalated(*cause));
        metrics.passed(n % 2 == 0, Duration::from_millis(n));
    }
    assert_eq!(series(&written(&metrics)), before);
}

#[test]
fn every_series_is_there_before_its_first_event() {
    let text = written(&Metrics::default());
    for line in [
        "mission_control_runs_finished_total{phase=\"Failed\"} 0",
        "mission_control_attempts_lost_total{cause=\"NeverStarted\"} 0",
        "mission_control_escalations_total{cause=\"Approval\"} 0",
        "mission_control_notifications_lost_total{reason=\"Refused\"} 0",
    ] {
        assert!(text.lines().any(|l| l == line), "no {line} in\n{text}");
    }
}

#[test]
fn a_process_that_stands_by_shows_no_runs() {
    let metrics = Metrics::default();
    let gauges =
        ["mission_control_runs{", "mission_control_escalations_open", "mission_control_escalation_oldest"];
    let shown = |live| {
        let text = metrics.text(Format::Prometheus, live).unwrap();
        gauges.map(|g| text.lines().any(|l| l.starts_with(g)))
    };
    assert_eq!(shown(Some(Live::default())), [true; 3]);
    assert_eq!(shown(None), [false; 3]);
}

#[test]
fn a_reader_gets_the_format_that_it_asks_for() {
    let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2";
    assert_eq!(Format::accepted(prometheus), Format::OpenMetrics);
    assert_eq!(Format::accepted("*/*"), Format::Prometheus);
    let metrics = Metrics::default();
    assert!(metrics.text(Format::OpenMetrics, None).unwrap().ends_with("# EOF\n"));
    assert!(!metrics.text(Format::Prometheus, None).unwrap().contains("# EOF"));
}
