//! The text of a line before a variable -> whether the variable is part of a branch name.

use std::sync::LazyLock;

use regex::Regex;

static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?:",
        r"(?:^|[\s`'(=:])",
        "[\"]?",
        r"(?:feature|features|feat|fix|fixes|bug|bugfix|hotfix|chore|release|security|issue|task|refactor|test|docs)/[\w./{}-]*",
        r"|(?:checkout|switch|branch|worktree)[^\n]*[ \t]-[bBcC][ \t]+\S*",
        r"|\bgit[ \t]+branch[ \t]+\S*",
        r"|\bbranch\b[^\n]*[\s`'=:]",
        "[\"]?",
        r"[\w.-]+[/-][\w./-]*",
        r")$"
    ))
    .ok()
});

pub(crate) fn ends_in_one(before: &str) -> bool {
    NAME.as_ref().is_some_and(|r| r.is_match(before))
}

#[cfg(test)]
mod tests {
    use super::ends_in_one;

    #[test]
    fn the_name_of_a_branch_is_known_by_what_is_before_the_variable() {
        for before in [
            "feature/",
            "Create `fix/",
            "git checkout -b ",
            "git switch -c x-",
            "git branch ",
            "Branch: work/",
            "BRANCH: \"feat/x-",
            "a branch named agent-",
        ] {
            assert!(ends_in_one(before), "{before}");
        }
        for before in ["", "TASK: ", "the branch is for ", "see src/", "and/or ", "fix "] {
            assert!(!ends_in_one(before), "{before}");
        }
    }
}
