//! The shapes of a drawing equal the figures of its table.

use jiff::civil::date;

use crate::gallery::pages;
use crate::markup::{Tag, tags, text};
use mission_control::dashboard::draw::*;
use mission_control::dashboard::parts::Tone;

const CAPTION: Caption = Caption { id: "c", title: "A drawing" };

/// A size in pixels, or in percent of a width.
fn size(value: &str, whole: f64) -> f64 {
    match value.strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().unwrap() / 100.0 * whole,
        None => value.parse().unwrap(),
    }
}

/// The cells of the table, without its header.
fn cells(html: &str) -> Vec<String> {
    let body = html.split("<tbody").nth(1).unwrap_or_default();
    body.split("<t")
        .skip(1)
        .filter(|c| c.starts_with("d ") || c.starts_with("h "))
        .map(|c| text(&format!("<t{}", c.split("</t").next().unwrap())))
        .collect()
}

fn blocks(html: &str) -> Vec<Tag> {
    let drawing = html.split("role=\"img\"").nth(1).unwrap().split("</svg>").next().unwrap();
    tags(drawing).into_iter().filter(|t| !t.closes && t.classes().contains(&"block")).collect()
}

#[test]
fn nothing_leaves_its_drawing() {
    for (page, html) in pages() {
        let mut whole = (0.0, 0.0);
        for tag in tags(&html).iter().filter(|t| !t.closes) {
            if tag.name == "svg" {
                let sides = |b: &str| b.split(' ').map(|n| n.parse::<f64>().unwrap()).collect::<Vec<_>>();
                let wide = |t: &Tag| t.get("width").map_or(0.0, |w| size(w, 1000.0));
                whole = tag.get("viewBox").map(sides).map_or_else(
                    || (wide(tag), tag.get("height").unwrap().parse().unwrap()),
                    |b| (b[2], b[3]),
                );
            }
            let within = |names: &[&str], whole: f64| {
                names
                    .iter()
                    .filter_map(|n| tag.get(n))
                    .map(|v| size(v, whole))
                    .all(|v| (-0.01..=whole + 0.01).contains(&v))
            };
            let far = |from: &str, extent: &str, whole: f64| {
                tag.get(from)
                    .zip(tag.get(extent))
                    .is_none_or(|(a, b)| size(a, whole) + size(b, whole) <= whole + 0.01)
            };
            if ["rect", "line", "circle", "text"].contains(&tag.name.as_str()) {
                assert!(
                    within(&["x", "x1", "x2", "cx"], whole.0) && far("x", "width", whole.0),
                    "{page}: {tag:?} in {whole:?}"
                );
                assert!(
                    within(&["y", "y1", "y2", "cy"], whole.1) && far("y", "height", whole.1),
                    "{page}: {tag:?} in {whole:?}"
                );
            }
        }
    }
}

#[test]
fn each_drawing_is_named_and_has_a_table() {
    for (page, html) in pages() {
        for figure in
            html.split("<figure class=\"drawing\"").skip(1).map(|f| f.split("</figure>").next().unwrap())
        {
            assert!(figure.contains("<title id=") && figure.contains("<desc id="), "{page}: {figure}");
            assert!(figure.contains("role=\"img\"") || figure.contains("role=\"group\""), "{page}");
            assert!(figure.contains("<details class=\"twin\"") && figure.contains("<table"), "{page}");
        }
    }
}

#[test]
fn bars_are_as_high_as_the_table_says() {
    let day = Day { date: date(2026, 11, 1), succeeded: 12, failed: 3, cancelled: 0 };
    let html = days(&CAPTION, &[day]).into_string();
    // 15 is the topmost mark, 136 pixels above the lowest; one pixel is space.
    let heights: Vec<f64> = blocks(&html).iter().map(|b| b.get("height").unwrap().parse().unwrap()).collect();
    let expected = [12.0 / 15.0 * 136.0 - 1.0, 3.0 / 15.0 * 136.0 - 1.0];
    assert!(
        heights.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.1) && heights.len() == 2,
        "{heights:?}"
    );
    assert_eq!(cells(&html), ["2026-11-01", "12", "3", "0"]);
    assert!(text(&html).contains("1 Nov: 12 Succeeded, 3 Failed"), "the bar says it, too");
}

#[test]
fn points_are_as_high_as_the_table_says() {
    let of = |day, p50| DayDurations { date: date(2026, 11, day), p50, p95: p50.map(|s: u64| s * 2) };
    let html = durations(&CAPTION, &[of(1, Some(600)), of(2, None), of(3, Some(300))]).into_string();
    let drawing = html.split("class=\"line p50\"").last().unwrap().split("</g>").next().unwrap();
    let circles: Vec<f64> =
        tags(&format!("<g{drawing}")).iter().filter_map(|t| t.get("cy")?.parse().ok()).collect();
    // 20m is the topmost mark, 128 pixels above the lowest at 140.
    assert_eq!(circles, [76.0, 108.0]);
    assert!(!drawing.contains("<line"), "a day without a run is a gap");
    assert_eq!(cells(&html), ["2026-11-03", "5m", "10m", "2026-11-02", "–", "–", "2026-11-01", "10m", "20m"]);
}

#[test]
fn parts_are_as_wide_as_the_table_says() {
    let share = |name, count, tone| Share { name, count, tone, href: None };
    let all =
        [share("Succeeded", 3, Tone::Good), share("Failed", 1, Tone::Bad), share("Paused", 0, Tone::Ask)];
    let html = shares(&CAPTION, &all).into_string();
    let found: Vec<_> = blocks(&html)
        .iter()
        .map(|b| (b.get("x").unwrap().to_string(), b.get("width").unwrap().to_string()))
        .collect();
    let of = |x: &str, width: &str| (x.to_string(), width.to_string());
    assert_eq!(found, [of("0.000%", "75.000%"), of("75.000%", "25.000%")]);
    assert_eq!(cells(&html), ["Succeeded", "3", "75.0 %", "Failed", "1", "25.0 %", "Paused", "0", "0.0 %"]);
}

#[test]
fn what_failed_is_hatched_and_what_came_to_nothing_is_hollow() {
    let html = days(&CAPTION, &[Day { date: date(2026, 11, 1), succeeded: 1, failed: 1, cancelled: 1 }])
        .into_string();
    let drawing = html.split("role=\"img\"").nth(1).unwrap().split("</svg>").next().unwrap();
    assert_eq!(drawing.matches("url(#c-hatch)").count(), 1);
    let style = std::str::from_utf8(mission_control::dashboard::assets::style().bytes).unwrap();
    assert!(style.contains(".block.tone-over { fill: var(--ground)"));
}

fn at(clock: &str) -> mission_control::api::Stamp {
    crate::gallery::at(clock)
}

#[test]
fn an_attempt_without_an_end_goes_up_to_now() {
    let bar =
        |from, to| Bar { from: at(from), to, kind: BarKind::Work(Tone::Live), words: "attempt 1".into() };
    let lane = Lane {
        name: "plan".into(),
        indented: false,
        tone: Tone::Live,
        href: None,
        bars: vec![bar("10:00:30", None)],
    };
    let chart = Gantt { lanes: &[lane], from: at("10:00:00"), to: at("10:02:00"), now: Some(at("10:01:30")) };
    let html = gantt(&CAPTION, &chart).into_string();
    let [block] = &blocks(&html)[..] else { panic!("{html}") };
    assert_eq!((block.get("x"), block.get("width")), (Some("25.000%"), Some("50.000%")));
    assert_eq!(cells(&html), ["plan", "attempt 1", "2026-11-25T10:00:30Z", "ongoing", "1m00s"]);
    assert!(html.contains("class=\"now\" x1=\"75.000%\""), "{html}");
}

#[test]
fn the_table_has_every_lane_and_the_drawing_two_hundred() {
    let bar = Bar {
        from: at("10:00:00"),
        to: Some(at("10:01:00")),
        kind: BarKind::Work(Tone::Good),
        words: "attempt 1".into(),
    };
    let lane = |n| Lane {
        name: format!("i{n}"),
        indented: true,
        tone: Tone::Good,
        href: None,
        bars: vec![bar.clone()],
    };
    let lanes: Vec<Lane> = (0..250).map(lane).collect();
    let html = gantt(&CAPTION, &Gantt { lanes: &lanes, from: at("10:00:00"), to: at("10:02:00"), now: None })
        .into_string();
    assert_eq!(blocks(&html).len(), 200);
    assert_eq!(cells(&html).len(), 250 * 5);
    assert!(text(&html).contains("50 more are in the table"));
}

#[test]
fn a_missing_figure_is_a_gap_in_a_sparkline() {
    let html = sparkline("2 to 4", &[Some(2.0), Some(3.0), None, Some(4.0)]).into_string();
    assert!(html.contains("d=\"M3 21L33 12M93 3\""), "{html}");
    assert!(html.contains("<title>2 to 4</title>"));
    assert!(!sparkline("none", &[]).into_string().contains("<path"));
}
