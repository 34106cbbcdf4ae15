//! The parts of a query, walked over by one visitor. The parser's crate makes its walk anew for each type of visitor, each
//! some 45 kB of the program.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, ObjectName, Query, Visit, Visitor};

/// A part of a query, as the walk comes by it.
pub(super) enum Part<'a> {
    /// A query within begins.
    Query,
    /// A query within is over.
    QueryEnd,
    /// A table or view is named.
    Relation(&'a ObjectName),
    /// An expression, before those within it.
    Expr(&'a Expr),
}

/// Shows the parts to `look` until it breaks off, and tells whether it did.
pub(super) fn walk(over: &impl Visit, look: &mut dyn FnMut(Part<'_>) -> ControlFlow<()>) -> bool {
    over.visit(&mut Walk(look)).is_break()
}

struct Walk<'w>(&'w mut dyn FnMut(Part<'_>) -> ControlFlow<()>);

impl Visitor for Walk<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        (self.0)(Part::Query)
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        (self.0)(Part::QueryEnd)
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        (self.0)(Part::Relation(relation))
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        (self.0)(Part::Expr(expr))
    }
}

/// The same for the tables and views alone.
pub(crate) fn relations(over: &impl Visit, look: &mut dyn FnMut(&ObjectName) -> ControlFlow<()>) {
    walk(over, &mut |part| match part {
        Part::Relation(relation) => look(relation),
        _ => ControlFlow::Continue(()),
    });
}
