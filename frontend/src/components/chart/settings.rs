//! How the charts of a page are shown, as it stands in the URL.
//!
//! Must not know the browser: it reads and writes texts.

use super::axis::XAxis;
use crate::routes::encoded;

/// Beyond this a line hardly moves any more.
pub const MOST_SMOOTHING: f64 = 0.99;

/// What the cursor of one chart does in the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CursorSync {
    Off,
    /// It is drawn in all of them.
    #[default]
    Line,
    /// And so are the values under it.
    Values,
}

impl CursorSync {
    pub const ALL: [Self; 3] = [Self::Off, Self::Line, Self::Values];

    /// As it stands in URLs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Line => "line",
            Self::Values => "values",
        }
    }

    /// As a person reads it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Off => "In this chart",
            Self::Line => "In all charts",
            Self::Values => "In all, with values",
        }
    }
}

/// A place in a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    pub x: f64,
    /// The chart that it is in, by name.
    pub chart: String,
}

/// How the charts are shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    pub axis: XAxis,
    /// The part of the axis that is shown, in its unit; `None` for all.
    pub range: Option<(f64, f64)>,
    /// How calm the lines are: 0 shows the values as they are.
    pub smoothing: f64,
    pub sync: CursorSync,
    /// Charts with a logarithmic axis, by name.
    pub logarithmic: Vec<String>,
    /// A few wild values are left outside.
    pub clips: bool,
    /// A place whose values stay, with the chart in which it was pinned.
    pub pinned: Option<Cursor>,
}

impl Settings {
    /// Reads the parts of a URL's query; what is not understood is left out.
    pub fn from_parts(get: impl Fn(&str) -> Option<String>) -> Self {
        let word = |key: &str| get(key).unwrap_or_default();
        let number = |key: &str| get(key)?.parse::<f64>().ok().filter(|number| number.is_finite());
        let pinned = get("pin").and_then(|text| {
            let (x, chart) = text.split_once('@')?;
            let x = x.parse::<f64>().ok().filter(|x| x.is_finite())?;
            Some(Cursor { x, chart: chart.to_owned() })
        });
        let range = number("from").zip(number("to")).filter(|(from, to)| from < to);
        Self {
            axis: XAxis::from_name(&word("x")).unwrap_or_default(),
            range,
            smoothing: number("smooth").unwrap_or(0.0).clamp(0.0, MOST_SMOOTHING),
            sync: CursorSync::ALL.into_iter().find(|sync| sync.name() == word("sync")).unwrap_or_default(),
            logarithmic: word("log").split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            clips: word("outliers") == "clip",
            pinned,
        }
    }

    /// The parts of a URL's query that differ from what is usual.
    pub fn to_parts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        if self.axis != XAxis::default() {
            parts.push(format!("x={}", self.axis.name()));
        }
        if let Some((from, to)) = self.range {
            parts.push(format!("from={from}&to={to}"));
        }
        if self.smoothing > 0.0 {
            parts.push(format!("smooth={}", self.smoothing));
        }
        if self.sync != CursorSync::default() {
            parts.push(format!("sync={}", self.sync.name()));
        }
        if !self.logarithmic.is_empty() {
            parts.push(format!("log={}", encoded(&self.logarithmic.join(","))));
        }
        if self.clips {
            parts.push("outliers=clip".to_owned());
        }
        if let Some(Cursor { x, chart }) = &self.pinned {
            parts.push(format!("pin={}", encoded(&format!("{x}@{chart}"))));
        }
        parts
    }

    pub fn is_logarithmic(&self, chart: &str) -> bool {
        self.logarithmic.iter().any(|name| name == chart)
    }

    /// With the vertical axis of one chart turned to the other scale.
    pub fn with_other_scale(mut self, chart: &str) -> Self {
        if self.is_logarithmic(chart) {
            self.logarithmic.retain(|name| name != chart);
        } else {
            self.logarithmic.push(chart.to_owned());
        }
        self
    }

    /// On another axis, where a place on this one means nothing.
    pub fn with_axis(self, axis: XAxis) -> Self {
        if axis == self.axis { self } else { Self { axis, range: None, pinned: None, ..self } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Settings {
        Settings::from_parts(|key| {
            let part = query.split('&').find_map(|part| part.strip_prefix(&format!("{key}=")));
            part.map(|part| {
                part.replace("%2C", ",").replace("%40", "@").replace("%28", "(").replace("%29", ")")
            })
        })
    }

    #[test]
    fn settings_are_read_back_as_they_were_written() {
        let whole = Settings {
            axis: XAxis::Elapsed,
            range: Some((-1.5, 3e9)),
            smoothing: 0.6,
            sync: CursorSync::Values,
            logarithmic: vec!["box_loss".into(), "cls_loss".into()],
            clips: true,
            pinned: Some(Cursor { x: 2.5, chart: "mAP50(B)".into() }),
        };
        for settings in [Settings::default(), whole.clone(), whole.clone().with_axis(XAxis::Clock)] {
            assert_eq!(read(&settings.to_parts().join("&")), settings);
        }
        assert!(Settings::default().to_parts().is_empty());
        let moved = whole.clone().with_axis(XAxis::Clock);
        assert_eq!((moved.range, moved.pinned), (None, None));
        let turned = whole.with_other_scale("box_loss").with_other_scale("mAP50(B)");
        assert_eq!(turned.logarithmic, ["cls_loss", "mAP50(B)"]);
    }

    #[test]
    fn nonsense_is_left_out() {
        let settings = read("x=z&from=5&to=2&smooth=99&sync=?&log=,,&outliers=x&pin=x@y");
        assert_eq!(settings, Settings { smoothing: MOST_SMOOTHING, ..Settings::default() });
        assert_eq!(read("from=NaN&to=inf&smooth=NaN"), Settings::default());
    }
}
