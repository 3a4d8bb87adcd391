//! What a check found out, in the words of the summary.
//!
//! Must not know where they stand.

use crate::text;

/// What it trains on: so many cores of the processor, or else what the configuration says.
pub fn machine_words(processor_cores: Option<u32>, configuration_json: &str) -> String {
    let configuration = serde_json::from_str::<serde_json::Value>(configuration_json);
    let device = configuration.ok().and_then(|values| Some(values.get("device")?.as_str()?.to_owned()));
    match (processor_cores, device.as_deref()) {
        (Some(cores), _) => format!("No GPU, {}", text::counted(cores.into(), "CPU core", "CPU cores")),
        (None, None) => "Not known yet".to_owned(),
        (None, Some("auto")) => "1 GPU if there is one".to_owned(),
        (None, Some(device)) => format!("1 GPU ({device})"),
    }
}

/// How long it takes.
pub fn time_words(duration_secs: Option<u64>) -> Option<String> {
    let secs = duration_secs?;
    let millis = i64::try_from(secs).unwrap_or(i64::MAX / 1_000) * 1_000;
    Some(format!("About {}", shared::format::duration(millis)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_told_as_far_as_it_is_known() {
        for (processor_cores, configuration, words) in [
            (Some(8), r#"{"device": "auto"}"#, "No GPU, 8 CPU cores"),
            (Some(1), r#"{"device": "cpu"}"#, "No GPU, 1 CPU core"),
            (None, r#"{"device": "auto"}"#, "1 GPU if there is one"),
            (None, r#"{"device": "cuda"}"#, "1 GPU (cuda)"),
            (None, "", "Not known yet"),
        ] {
            assert_eq!(machine_words(processor_cores, configuration), words);
        }
    }

    #[test]
    fn the_time_is_told_where_it_is_known() {
        assert_eq!(time_words(None), None);
        assert_eq!(time_words(Some(7_200)).as_deref(), Some("About 2 h 00 min"));
        assert!(time_words(Some(u64::MAX)).is_some());
    }
}
