//! The solids of a scene: where their surface is and which way it faces.
//!
//! Must not know pixels. Coordinates are fractions of the picture's side, y downwards.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// What a solid is; the place in [`Kind::ALL`] is its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ball,
    Crate,
    Cone,
    Ring,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Ball, Self::Crate, Self::Cone, Self::Ring];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ball => "ball",
            Self::Crate => "crate",
            Self::Cone => "cone",
            Self::Ring => "ring",
        }
    }

    pub(super) const fn class(self) -> usize {
        self as usize
    }
}

/// One object.
#[derive(Debug, Clone)]
pub(super) struct Solid {
    pub(super) kind: Kind,
    /// Where it touches the ground.
    pub(super) foot_x: f64,
    pub(super) foot_y: f64,
    /// Half its width.
    pub(super) radius: f64,
    /// Red, green, blue, 0 to 1.
    pub(super) colour: [f64; 3],
    /// 0 is matt, 1 shines.
    pub(super) gloss: f64,
    /// Turns what is not round.
    turn: f64,
}

/// A point of a surface: which way it faces (x right, y up, z to the viewer), and its own tone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surface {
    pub(super) normal: [f64; 3],
    pub(super) tone: f64,
}

impl Solid {
    pub(super) fn random(rng: &mut ChaCha8Rng) -> Self {
        let foot_y = rng.random_range(0.42..0.95);
        // What is nearer looks larger.
        let radius = rng.random_range(0.11..0.17) * (0.65 + 0.75 * foot_y);
        let kind = Kind::ALL[rng.random_range(0..Kind::ALL.len())];
        Self {
            kind,
            foot_x: rng.random_range(radius..1.0 - radius),
            foot_y,
            radius,
            colour: random_colour(rng),
            gloss: rng.random_range(0.1..0.9),
            turn: rng.random_range(-0.5..0.5),
        }
    }

    /// Its height above the foot.
    pub(super) fn height(&self) -> f64 {
        match self.kind {
            Kind::Ball | Kind::Ring => 2.0 * self.radius,
            // The front's height and the depth of the slanted top.
            Kind::Crate => (1.3 + 0.45) * self.radius,
            Kind::Cone => 2.6 * self.radius,
        }
    }

    /// Share of the smaller of two solids' boxes that the other box covers.
    pub(super) fn overlap(&self, other: &Self) -> f64 {
        let width = (self.foot_x + self.radius).min(other.foot_x + other.radius)
            - (self.foot_x - self.radius).max(other.foot_x - other.radius);
        let height =
            self.foot_y.min(other.foot_y) - (self.foot_y - self.height()).max(other.foot_y - other.height());
        let area = |solid: &Self| 2.0 * solid.radius * solid.height();
        width.max(0.0) * height.max(0.0) / area(self).min(area(other))
    }

    /// The surface seen at a point, if the point lies on the solid.
    pub(super) fn surface_at(&self, x: f64, y: f64) -> Option<Surface> {
        // From the foot, in radii, y upwards.
        let u = (x - self.foot_x) / self.radius;
        let v = (self.foot_y - y) / self.radius;
        match self.kind {
            Kind::Ball => ball(u, v - 1.0),
            Kind::Crate => self.crate_at(u, v),
            Kind::Cone => cone(u, v),
            Kind::Ring => ring(u, v - 1.0),
        }
    }

    /// Three faces of a box in oblique projection, with boards and nails of darker tone.
    fn crate_at(&self, u: f64, v: f64) -> Option<Surface> {
        let (edge, depth) = (0.72, 0.45);
        let slant = depth * self.turn.signum() * (0.6 + self.turn.abs());
        let height = 1.3;
        let front = u + slant / 2.0;
        if front.abs() <= edge && (0.0..=height).contains(&v) {
            let board =
                if (v / height * 3.0).fract() < 0.1 || front.abs() > edge * 0.86 { 0.62 } else { 1.0 };
            return Some(Surface { normal: [0.0, 0.15, 0.98], tone: board });
        }
        let up = v - height;
        if (0.0..=depth).contains(&up) && (front - slant * up / depth).abs() <= edge {
            return Some(Surface { normal: [0.0, 0.97, 0.24], tone: 1.0 });
        }
        // The side face runs from the front's edge along the slant.
        let along = (front.abs() - edge) / slant.abs();
        let lift = along * depth;
        let on_side = front.signum() == slant.signum()
            && (0.0..=1.0).contains(&along)
            && (lift..=height + lift).contains(&v);
        on_side.then(|| Surface { normal: [slant.signum() * 0.95, 0.05, 0.3], tone: 0.9 })
    }
}

fn ball(u: f64, v: f64) -> Option<Surface> {
    let depth = 1.0 - u * u - v * v;
    (depth >= 0.0).then(|| Surface { normal: [u, v, depth.sqrt()], tone: 1.0 })
}

/// A cone on a round foot, with two pale bands as on a road.
fn cone(u: f64, v: f64) -> Option<Surface> {
    let height = 2.6;
    let base = (u / 0.98).powi(2) + (v / 0.26).powi(2) <= 1.0;
    let half_width = 0.86 * (1.0 - v / height);
    if (0.0..=height).contains(&v) && u.abs() <= half_width.max(0.05) {
        let across = (u / half_width.max(0.05)).clamp(-1.0, 1.0);
        let band = (0.9..1.25).contains(&v) || (1.65..1.9).contains(&v);
        let normal = [across * 0.95, 0.3, (1.0 - across * across).max(0.0).sqrt()];
        return Some(Surface { normal, tone: if band { 1.9 } else { 1.0 } });
    }
    base.then_some(Surface { normal: [0.0, 0.95, 0.3], tone: 0.75 })
}

/// A torus that faces the viewer; the ground is seen through it.
fn ring(u: f64, v: f64) -> Option<Surface> {
    let distance = u.hypot(v);
    let across = (distance - 0.71) / 0.29;
    (across.abs() <= 1.0).then(|| {
        let (out_u, out_v) = (u / distance, v / distance);
        Surface { normal: [across * out_u, across * out_v, (1.0 - across * across).sqrt()], tone: 1.0 }
    })
}

/// A strong colour of any hue: the class must be told by shape, not by colour.
fn random_colour(rng: &mut ChaCha8Rng) -> [f64; 3] {
    let hue = rng.random_range(0.0..6.0_f64);
    let (value, saturation) = (rng.random_range(0.45..0.95), rng.random_range(0.35..0.9));
    [5.0, 3.0, 1.0].map(|shift| {
        let k = (shift + hue) % 6.0;
        value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0)
    })
}
