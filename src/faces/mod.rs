//! The ways to talk to the wizard.
