//! An unknown word -> the known word that was probably meant.

/// The known word that is similar to the given one, if there is one.
pub fn similar<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let most = (word.chars().count() / 3).clamp(1, 4);
    let distance = |k: &str| strsim::osa_distance(&word, &k.to_lowercase());
    let near = known.into_iter().map(|k| (distance(k), k)).filter(|(d, _)| *d <= most);
    near.min_by_key(|(d, _)| *d).map(|(_, k)| k)
}

/// `; did you mean x?`, or the known words.
pub fn did_you_mean(word: &str, known: &[&str]) -> String {
    match similar(word, known.iter().copied()) {
        Some(meant) => format!("; did you mean {meant}?"),
        None if known.is_empty() => String::new(),
        None => format!("; there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        let fields = ["agent", "input", "dependsOn", "onRetry"];
        for (slip, meant) in
            [("agnet", "agent"), ("dependson", "dependsOn"), ("depends_on", "dependsOn"), ("inputs", "input")]
        {
            assert_eq!(similar(slip, fields), Some(meant), "{slip}");
        }
        assert_eq!(similar("image", fields), None);
        assert_eq!(did_you_mean("image", &fields), "; there are agent, input, dependsOn, onRetry");
    }
}
