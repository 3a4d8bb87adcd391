//! The icons, drawn as strokes in the colour of the text around them.
//!
//! Must not know what they stand for.

use leptos::prelude::*;

/// One icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    HollowCircle,
    Clock,
    QuarterRing,
    CheckInCircle,
    CrossInOctagon,
    BrokenCircle,
    Square,
    CircularArrow,
    Warning,
    Info,
    Dots,
    Search,
    Close,
    Sun,
    Moon,
    Table,
    ArrowUp,
    ArrowDown,
    Download,
    Exit,
    ChevronDown,
    ChevronRight,
    Check,
    Folder,
}

impl Icon {
    /// Paths in a square of 24.
    const fn paths(self) -> &'static str {
        match self {
            Self::HollowCircle => "M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16z",
            Self::Clock => "M12 3.5a8.5 8.5 0 1 1 0 17a8.5 8.5 0 1 1 0-17zM12 7.5V12l3 2",
            Self::QuarterRing => "M12 4a8 8 0 0 1 8 8",
            Self::CheckInCircle => "M12 3.5a8.5 8.5 0 1 1 0 17a8.5 8.5 0 1 1 0-17zM8.2 12.3l2.6 2.6l5-5.3",
            Self::CrossInOctagon => "M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3zM9 9l6 6M15 9l-6 6",
            Self::BrokenCircle => {
                "M8.4 4.3A8.5 8.5 0 0 0 4.3 15.6M8.4 19.7a8.5 8.5 0 0 0 11.3-4.1M19.7 8.4A8.5 8.5 0 0 0 15.6 4.3M12 7.5V13M12 16.4v.1"
            }
            Self::Square => "M6 6h12v12H6z",
            Self::CircularArrow => "M20 12a8 8 0 1 1-2.4-5.7L20 8.5M20 4v4.5h-4.5",
            Self::Warning => "M12 4l9 16H3zM12 10v4M12 17v.1",
            Self::Info => "M12 3.5a8.5 8.5 0 1 1 0 17a8.5 8.5 0 1 1 0-17zM12 11v5.5M12 7.8v.1",
            Self::Dots => "M5 12h.01M12 12h.01M19 12h.01",
            Self::Search => "M10.5 4a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13zM15.4 15.4L20 20",
            Self::Close => "M6 6l12 12M18 6L6 18",
            Self::Sun => {
                "M12 8a4 4 0 1 1 0 8a4 4 0 1 1 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M19 5l-1.4 1.4M6.4 17.6L5 19"
            }
            Self::Moon => "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z",
            Self::Table => "M3.5 5h17v14h-17zM3.5 10h17M10 5v14",
            Self::ArrowUp => "M12 19V5M6 11l6-6l6 6",
            Self::ArrowDown => "M12 5v14M6 13l6 6l6-6",
            Self::Download => "M12 4v11M7 10.5l5 5l5-5M5 20h14",
            Self::ChevronDown => "M6 9.5l6 6l6-6",
            Self::ChevronRight => "M9.5 6l6 6l-6 6",
            Self::Check => "M5 12.5l4.5 4.5L19 7",
            Self::Folder => "M3.5 6h6l2 2.5h9v10h-17z",
            Self::Exit => "M14 4h5v16h-5M10 8l-4 4l4 4M6 12h9",
        }
    }
}

/// Draws an icon; what it means is always said in words beside it.
#[component]
pub fn IconView(icon: Icon, #[prop(optional)] turning: bool) -> impl IntoView {
    view! {
        <svg class="icon" class:turning=turning class:dots={icon == Icon::Dots} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            {(icon == Icon::QuarterRing).then(|| view! { <circle class="faint" cx="12" cy="12" r="8"></circle> })}
            <path d=icon.paths()></path>
        </svg>
    }
}
