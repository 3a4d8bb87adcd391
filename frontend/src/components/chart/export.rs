//! A chart as a file of its own: a picture (SVG) and a table (CSV, RFC 4180).
//!
//! Must not know the browser: the caller says which colours the style sheet has.

use super::frame::{Frame, thinned};
use super::lines::{Line, positions, under};
use std::fmt::Write as _;

/// Colours of a picture, as the style sheet writes them.
#[derive(Debug, Clone, Default)]
pub struct Colours {
    pub background: String,
    pub text: String,
    pub grid: String,
    /// By hue.
    pub series: Vec<String>,
}

const TITLE_HEIGHT: f64 = 28.0;
const LEGEND_HEIGHT: f64 = 18.0;

/// The picture of a chart as it is seen, with its name above and its legend below.
pub fn svg(name: &str, lines: &[Line], smoothing: f64, frame: &Frame, colours: &Colours) -> String {
    let height = TITLE_HEIGHT + frame.height + LEGEND_HEIGHT * lines.len() as f64 + 8.0;
    let (width, text, grid) = (frame.width, &colours.text, &colours.grid);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"11\" fill=\"{text}\">\
         <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\
         <text x=\"12\" y=\"18\" font-size=\"13\" font-weight=\"600\">{}</text>\
         <g transform=\"translate(0 {TITLE_HEIGHT})\">",
        colours.background,
        escaped(name),
    );
    for (value, words) in &frame.y_marks {
        let y = frame.y.to_pixel(*value);
        let (left, right) = (frame.left(), frame.right());
        let _ = write!(out, "<path d=\"M{left} {y:.1}H{right}\" stroke=\"{grid}\"/>");
        let _ =
            write!(out, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{words}</text>", left - 6.0, y + 4.0);
    }
    for (value, words) in &frame.x_marks {
        let (x, y) = (frame.x.to_pixel(*value), frame.bottom() + 16.0);
        let _ = write!(out, "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{words}</text>");
    }
    let (left, top) = (frame.left() - 2.0, frame.top() - 2.0);
    let (across, down) = (frame.right() - left + 2.0, frame.bottom() - top + 2.0);
    let _ = write!(
        out,
        "<clipPath id=\"c\"><rect x=\"{left}\" y=\"{top}\" width=\"{across}\" height=\"{down}\"/></clipPath><g clip-path=\"url(#c)\">"
    );
    for line in lines {
        if smoothing > 0.0 {
            stroke(&mut out, line, frame, colours, 0.25);
            stroke(&mut out, &line.smoothed(smoothing), frame, colours, 1.0);
        } else {
            stroke(&mut out, line, frame, colours, 1.0);
        }
    }
    out.push_str("</g>");
    for (place, line) in lines.iter().enumerate() {
        let y = frame.height + LEGEND_HEIGHT * place as f64 + 4.0;
        let colour = colour(line, colours);
        let _ =
            write!(out, "<path d=\"M12 {y}h20\" stroke=\"{colour}\" stroke-width=\"2\"{}/>", dashes(line));
        let _ = write!(out, "<text x=\"40\" y=\"{}\">{}</text>", y + 4.0, escaped(&line.legend));
    }
    out.push_str("</g></svg>");
    out
}

fn stroke(out: &mut String, line: &Line, frame: &Frame, colours: &Colours, opacity: f64) {
    let colour = colour(line, colours);
    for part in line.points.split(|point| !frame.y.has_place(point.y)).filter(|part| !part.is_empty()) {
        let mut path = String::new();
        for (place, point) in thinned(part, frame.x).into_iter().enumerate() {
            let (x, y) = frame.place(point);
            let _ = write!(path, "{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' });
        }
        // A single point is a dot.
        if part.len() == 1 {
            path.push_str("h0.01");
        }
        let _ = write!(
            out,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-linecap=\"round\" \
             stroke-linejoin=\"round\" opacity=\"{opacity}\"{}/>",
            dashes(line)
        );
    }
}

fn colour<'a>(line: &Line, colours: &'a Colours) -> &'a str {
    colours.series.get(line.look.hue).map_or(colours.text.as_str(), String::as_str)
}

fn dashes(line: &Line) -> String {
    let lengths: Vec<String> = line.look.dashes().iter().map(f64::to_string).collect();
    if lengths.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", lengths.join(" ")) }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The values that are shown, one row a place and one column a line, with all their digits.
pub fn csv(axis: &str, lines: &[Line], shown: (f64, f64)) -> String {
    let head = std::iter::once(axis.to_owned()).chain(lines.iter().map(|line| line.legend.clone()));
    let mut out = row(head);
    for x in positions(lines).into_iter().filter(|x| (shown.0..=shown.1).contains(x)) {
        let values = lines.iter().map(|line| {
            let point = under(std::slice::from_ref(line), x);
            point.first().map_or_else(String::new, |under| under.point.y.to_string())
        });
        out += &row(std::iter::once(x.to_string()).chain(values));
    }
    out
}

/// One line of a table (RFC 4180).
pub fn row(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.map(quoted).collect();
    format!("{}\r\n", cells.join(","))
}

/// Spreadsheets take what begins with one of these for a formula, and run it.
const FORMULA: [char; 4] = ['=', '+', '-', '@'];

fn quoted(cell: String) -> String {
    let is_number = cell.parse::<f64>().is_ok();
    let cell = if !is_number && cell.starts_with(FORMULA) { format!("'{cell}") } else { cell };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::super::axis::XAxis;
    use super::super::frame::Horizontal;
    use super::super::lines::Point;
    use super::super::look::Look;
    use super::super::vertical::Vertical;
    use super::*;

    fn lines() -> Vec<Line> {
        let line = |legend: &str, place: usize, points: &[(f64, f64)]| Line {
            legend: legend.into(),
            look: Look::of_place(place),
            points: points.iter().map(|&(x, y)| Point { x, y }).collect(),
        };
        vec![
            line("a <b> & \"c\"", 0, &[(1.0, 0.5), (2.0, f64::NAN), (3.0, 0.25)]),
            line("=1+1, x", 6, &[(1.0, 1.0), (2.0, -2.0)]),
        ]
    }

    #[test]
    fn a_picture_is_whole_whatever_it_is_called() {
        let lines = lines();
        let horizontal = Horizontal { axis: XAxis::Epoch, domain: (1.0, 3.0), ahead_ms: 0.0 };
        let frame = Frame::of(&lines, horizontal, (400.0, 200.0), Vertical::default());
        let colours = Colours { series: vec!["first-colour".into()], ..Colours::default() };
        let picture = svg("mAP<50>", &lines, 0.5, &frame, &colours);
        assert!(
            picture.contains("mAP&lt;50&gt;") && picture.contains("a &lt;b&gt; &amp; &quot;c&quot;"),
            "{picture}"
        );
        assert!(picture.contains("stroke-dasharray=\"7 4\"") && picture.contains("first-colour"));
        assert!(!picture.contains("NaN"), "{picture}");
        assert_eq!(picture.matches("<g").count(), picture.matches("</g>").count());
    }

    #[test]
    fn a_table_has_every_value_and_no_formula() {
        let table = csv("epoch", &lines(), (1.0, 2.0));
        let expected = "epoch,\"a <b> & \"\"c\"\"\",\"'=1+1, x\"\r\n1,0.5,1\r\n2,NaN,-2\r\n";
        assert_eq!(table, expected);
    }
}
