use serde_json::json;

use super::*;

fn story(id: &str) -> Value {
    json!({"id": id, "title": "Log in", "description": "With a password.", "acceptanceCriteria": ["It works"]})
}

fn faults(read: Result<Vec<Item>, Problem>) -> Vec<String> {
    match read {
        Err(Problem::Invalid(faults)) => faults,
        other => panic!("{other:?}"),
    }
}

fn ids(read: Result<Vec<Item>, Problem>) -> Vec<String> {
    read.unwrap().into_iter().map(|item| item.id).collect()
}

#[test]
fn stories_come_in_their_order() {
    let text = json!([story("US-2"), story("US-1")]).to_string();
    assert_eq!(ids(stories(&text, 20)), ["US-2", "US-1"]);
}

#[test]
fn a_fence_around_the_list_is_no_part_of_it() {
    let list = serde_json::to_string_pretty(&json!([story("a")])).unwrap();
    for text in [
        format!("```json\n{list}\n```"),
        format!("```\r\n{list}\r\n```\r\n"),
        format!("\n  ````JSON\n{list}\n  ````\n\nThat is the plan."),
        format!("```json\n{list}"),
        format!("```json {list} ```"),
    ] {
        assert_eq!(ids(stories(&text, 20)), ["a"], "{text}");
    }
}

#[test]
fn a_fence_inside_of_a_string_ends_nothing() {
    let mut with_code = story("a");
    with_code["description"] = json!("Run\n```\nmake\n```");
    let text = format!("```json\n{}\n```", json!([with_code]));
    assert_eq!(stories(&text, 20).unwrap()[0].value, with_code);
}

#[test]
fn a_story_keeps_what_else_it_has() {
    let text = r#"[{"id": 7, "title": "T", "description": "D", "acceptance_criteria": ["x"], "points": 3}]"#;
    let value =
        json!({"id": "7", "title": "T", "description": "D", "acceptanceCriteria": ["x"], "points": 3});
    assert_eq!(stories(text, 20), Ok(vec![Item { id: "7".into(), title: "T".into(), value }]));
}

#[test]
fn an_absent_spelling_of_the_criteria_gives_way_to_the_other() {
    let text = r#"[{"id": "a", "title": "T", "description": "D", "acceptanceCriteria": null, "acceptance_criteria": ["x"]}]"#;
    assert_eq!(stories(text, 20).unwrap()[0].value["acceptanceCriteria"], json!(["x"]));
}

#[test]
fn every_fault_is_told_at_once_with_its_index() {
    let text = json!([
        {"id": "a", "title": " ", "description": "D", "acceptanceCriteria": []},
        story("b"),
        {"id": "a", "title": 3, "acceptanceCriteria": ["x", "", 4]},
        "do it",
        {"title": "T", "description": "D", "acceptanceCriteria": "x"},
        {"id": [1], "title": "T", "description": null},
    ]);
    assert_eq!(
        faults(stories(&text.to_string(), 20)),
        [
            "STORIES_JSON[0]: title is empty; acceptanceCriteria is empty",
            "STORIES_JSON[2]: title is a number, not a string; description is missing; acceptanceCriteria[1] is empty; \
             acceptanceCriteria[2] is a number, not a string; id a is also that of STORIES_JSON[0]",
            "STORIES_JSON[3]: it is a string, not an object",
            "STORIES_JSON[4]: id is missing; acceptanceCriteria is a string, not a list",
            "STORIES_JSON[5]: id is a list, not a string; description is missing; acceptanceCriteria is missing",
        ]
    );
}

#[test]
fn an_id_that_no_label_could_carry_is_refused() {
    for id in ["a b", "ü", "a/b", &"x".repeat(41), "a\n"] {
        let told = faults(stories(&json!([story(id)]).to_string(), 20));
        assert!(told[0].contains("is not usable: at most 40 characters"), "{told:?}");
    }
    assert_eq!(faults(stories(&json!([story("")]).to_string(), 20)), ["STORIES_JSON[0]: id is empty"]);
    let longest = "x".repeat(40);
    assert_eq!(
        ids(stories(&json!([story(&longest), story("A.b_c-9")]).to_string(), 20)),
        [&longest, "A.b_c-9"]
    );
}

#[test]
fn an_id_as_a_number_is_the_same_as_its_text() {
    let mut number = story("");
    number["id"] = json!(1);
    let told = faults(stories(&json!([story("1"), number]).to_string(), 20));
    assert_eq!(told, ["STORIES_JSON[1]: id 1 is also that of STORIES_JSON[0]"]);
}

#[test]
fn an_empty_list_is_a_problem_of_its_own() {
    assert_eq!(stories("[]", 20), Err(Problem::Empty));
    assert_eq!(items("```json\n[ ]\n```", 20), Err(Problem::Empty));
}

#[test]
fn a_list_may_have_as_many_items_as_are_allowed() {
    let text = json!([story("a"), story("b"), 3]).to_string();
    assert_eq!(
        faults(stories(&text, 2)),
        ["STORIES_JSON has 3 items, and at most 2 are allowed (maxItems)"],
        "what is beyond is not looked at"
    );
    assert_eq!(ids(items(r#"["x", "y"]"#, 2)), ["item-1", "item-2"]);
    assert_eq!(faults(items(r#"["x"]"#, 0)), ["list has 1 items, and at most 0 are allowed (maxItems)"]);
}

#[test]
fn what_is_no_list_says_what_it_is() {
    assert_eq!(faults(stories(r#"{"stories": []}"#, 20)), ["STORIES_JSON is an object, not a list"]);
    assert_eq!(faults(items("3", 20)), ["list is a number, not a list"]);
    assert!(faults(stories("- one\n- two", 20))[0].starts_with("STORIES_JSON is not JSON: "));
    assert!(faults(stories("[1] and more", 20))[0].contains("trailing characters at line 1"));
    assert!(faults(stories("", 20))[0].starts_with("STORIES_JSON is not JSON: "));
    assert!(faults(stories("```", 20))[0].starts_with("STORIES_JSON is not JSON: "));
}

#[test]
fn json_that_is_too_deep_is_refused_before_the_stack_is_spent() {
    let text = "[".repeat(1_000_000);
    assert!(faults(items(&text, 20))[0].contains("recursion limit"));
    let objects = r#"[{"a":"#.repeat(200_000);
    assert!(faults(stories(&objects, 20))[0].contains("recursion limit"));
}

#[test]
fn a_long_list_of_faults_ends_at_the_allowed_number() {
    let text = format!("[{}1]", "1,".repeat(500_000));
    assert_eq!(faults(stories(&text, 20)).len(), 21);
}

#[test]
fn any_list_has_an_item_for_each_of_its_values() {
    let long = "é".repeat(100);
    let text =
        json!(["a.rs", 3, true, long, {"id": "x", "title": "T"}, {"id": "no id", "name": "N"}, {"k": 1}]);
    let found: Vec<(String, String, Value)> =
        items(&text.to_string(), 20).unwrap().into_iter().map(|i| (i.id, i.title, i.value)).collect();
    let item = |id: &str, title: &str, value: Value| (id.to_owned(), title.to_owned(), value);
    assert_eq!(
        found,
        [
            item("item-1", "a.rs", json!("a.rs")),
            item("item-2", "3", json!("3")),
            item("item-3", "true", json!("true")),
            item("item-4", &"é".repeat(80), json!(long)),
            item("x", "T", json!({"id": "x", "title": "T"})),
            item("item-6", "N", json!({"id": "no id", "name": "N"})),
            item("item-7", "item-7", json!({"k": 1})),
        ]
    );
}

#[test]
fn two_items_never_share_an_id() {
    assert_eq!(
        faults(items(r#"[{"id": "a"}, {"id": "a"}, {"id": "item-4"}, "x"]"#, 20)),
        ["list[1]: id a is also that of list[0]", "list[3]: id item-4 is also that of list[2]"]
    );
}

#[test]
fn a_list_in_a_list_is_no_item() {
    assert_eq!(
        faults(items(r#"[["a"], "b", null]"#, 20)),
        [
            "list[0]: it is a list, not an object or a string",
            "list[2]: it is null, not an object or a string"
        ]
    );
}

#[test]
fn a_story_reads_like_a_story() {
    let text = r#"[{"id": "US-1", "title": "Log in", "description": "Users log in.", "acceptanceCriteria": ["A", "B"]}]"#;
    let item = stories(text, 20).unwrap().remove(0);
    assert_eq!(
        current_story(&item.value, &item),
        "Story US-1: Log in\n\nUsers log in.\n\nAcceptance Criteria:\n  1. A\n  2. B"
    );
}

#[test]
fn another_item_reads_as_it_is() {
    for (text, told) in [(r#"["src/a.rs"]"#, "src/a.rs"), (r#"[{"b": 1, "a": [2]}]"#, r#"{"a":[2],"b":1}"#)] {
        let item = items(text, 20).unwrap().remove(0);
        assert_eq!(current_story(&item.value, &item), told);
    }
}
