//! Trainings as the command line shows them.
//!
//! Must not know how they are run.
