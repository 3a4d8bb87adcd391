//! JSON on several lines, as people read it. Keys stay in their order, which counts in `sort`.
//!
//! Must not know what the JSON means.

/// Texts up to this length stay on one line.
const MOST_ON_A_LINE: usize = 60;
const STEP: &str = "  ";

/// The same JSON with line breaks and indents. Short lists and objects stay on one line.
pub fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    write(json, 0, &mut out);
    out
}

fn write(json: &str, depth: usize, out: &mut String) {
    let json = json.trim();
    let (Some(open), Some(inner)) = (json.chars().next(), inside(json)) else {
        out.push_str(json);
        return;
    };
    let entries = entries(inner);
    if json.len() <= MOST_ON_A_LINE || entries.is_empty() {
        out.push_str(&on_one_line(json));
        return;
    }
    let indent = |out: &mut String, depth: usize| {
        out.push('\n');
        (0..depth).for_each(|_| out.push_str(STEP));
    };
    out.push(open);
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        indent(out, depth + 1);
        match key_and_value(entry).filter(|_| open == '{') {
            Some((key, value)) => {
                out.push_str(key);
                out.push_str(": ");
                write(value, depth + 1, out);
            }
            None => write(entry, depth + 1, out),
        }
    }
    indent(out, depth);
    out.push(if open == '{' { '}' } else { ']' });
}

/// What stands within the outer brackets.
fn inside(json: &str) -> Option<&str> {
    let object = json.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    object.or_else(|| json.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')))
}

/// Places of `wanted` that lie in no text and no brackets.
fn outer_places(text: &str, wanted: char) -> Vec<usize> {
    let (mut places, mut depth, mut in_text, mut escaped) = (Vec::new(), 0usize, false, false);
    for (at, letter) in text.char_indices() {
        if in_text {
            in_text = escaped || letter != '"';
            escaped = !escaped && letter == '\\';
            continue;
        }
        match letter {
            '"' => in_text = true,
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            letter if letter == wanted && depth == 0 => places.push(at),
            _ => {}
        }
    }
    places
}

fn entries(inner: &str) -> Vec<&str> {
    if inner.trim().is_empty() {
        return Vec::new();
    }
    let mut start = 0;
    let mut parts = Vec::new();
    for at in outer_places(inner, ',') {
        parts.extend(inner.get(start..at));
        start = at + 1;
    }
    parts.extend(inner.get(start..));
    parts.into_iter().map(str::trim).collect()
}

fn key_and_value(entry: &str) -> Option<(&str, &str)> {
    let at = *outer_places(entry, ':').first()?;
    Some((entry.get(..at)?.trim(), entry.get(at + 1..)?.trim()))
}

/// With a space after each colon and comma, outside texts.
fn on_one_line(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 8);
    let (mut in_text, mut escaped) = (false, false);
    for letter in json.chars() {
        if in_text {
            in_text = escaped || letter != '"';
            escaped = !escaped && letter == '\\';
            out.push(letter);
            continue;
        }
        in_text = letter == '"';
        if letter.is_whitespace() {
            continue;
        }
        out.push(letter);
        if matches!(letter, ':' | ',') {
            out.push(' ');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_broken_where_it_is_long_and_stays_the_same() {
        let long = r#"{"filter":{"$and":[{"dir":"/a, {b}: \"c\" /d"},{"annotationsCount":{"$gte":3}}]},"sort":{"name":"ascending","id":"descending"}}"#;
        let text = pretty(long);
        assert_eq!(
            text,
            "{\n  \"filter\": {\n    \"$and\": [\n      {\"dir\": \"/a, {b}: \\\"c\\\" /d\"},\n      {\"annotationsCount\": \
             {\"$gte\": 3}}\n    ]\n  },\n  \"sort\": {\"name\": \"ascending\", \"id\": \"descending\"}\n}"
        );
        assert_eq!(shared::dql::parse(&text).unwrap().query, shared::dql::parse(long).unwrap().query);
        for (json, expected) in [("{}", "{}"), (r#"{"a":1}"#, r#"{"a": 1}"#), ("[1,2]", "[1, 2]"), ("", "")] {
            assert_eq!(pretty(json), expected);
        }
    }
}
