//! Which collation two texts are compared by.

use super::Binder;
use crate::engine::fault::{Fault, Reach};
use crate::engine::typed::{Collated, Strength, Typed};
use crate::engine::{collation, types};

impl Binder<'_> {
    /// The collation by default: the database's.
    pub(super) fn database_collation(&self) -> String {
        self.context.catalog.collation.clone()
    }

    /// What two operands are compared by; nothing unless there is text among them.
    pub(super) fn meet(&self, left: &Typed, right: &Typed, operation: &str) -> Result<Option<Collated>, Fault> {
        if !types::text(left.kind) && !types::text(right.kind) {
            return Ok(None);
        }
        let of = |typed: &Typed| {
            typed.collation.clone().unwrap_or_else(|| Collated { name: self.database_collation(), strength: Strength::Default })
        };
        let (left, right) = (of(left), of(right));
        let conflict =
            left.strength == right.strength && left.strength != Strength::Default && !left.name.eq_ignore_ascii_case(&right.name);
        if conflict {
            return Err(Fault::new(
                468,
                format!(
                    "Cannot resolve the collation conflict between \"{}\" and \"{}\" in the {operation} operation.",
                    right.name, left.name
                ),
            )
            .state(9)
            .reach(Reach::Compile));
        }
        Ok(Some(if right.strength > left.strength { right } else { left }))
    }

    /// The class that `SQLite` sorts a text by.
    pub(super) fn class_of(&self, typed: &Typed) -> &'static str {
        let name = typed.collation.as_ref().map_or_else(|| self.database_collation(), |one| one.name.clone());
        collation::class(&name)
    }

    /// The expression with its collation said aloud, for sorting, grouping and `DISTINCT`.
    pub(super) fn sorted(&self, typed: &Typed) -> String {
        match typed.kind {
            kind if types::text(kind) => format!("{} COLLATE {}", typed.sql, self.class_of(typed)),
            crate::value::SqlType::Variant => format!("{} COLLATE ci_as", typed.sql),
            _ => typed.sql.clone(),
        }
    }

    /// `expr COLLATE name`.
    pub(super) fn collate(&mut self, expr: &sqlparser::ast::Expr, name: &str) -> Result<Typed, Fault> {
        let typed = self.expr(expr)?;
        if !types::text(typed.kind) {
            return Err(Fault::new(447, format!("Expression type {} is invalid for COLLATE clause.", types::name(typed.kind)))
                .reach(Reach::Compile));
        }
        let name = name.trim_matches(['[', ']']);
        let name = if name.eq_ignore_ascii_case("DATABASE_DEFAULT") {
            self.database_collation()
        } else if name.eq_ignore_ascii_case("CATALOG_DEFAULT") {
            collation::SERVER.to_owned()
        } else {
            collation::known(name)
                .ok_or_else(|| Fault::new(448, format!("Invalid collation '{name}'.")).state(2).reach(Reach::Compile))?
        };
        Ok(typed.collated(Some(Collated { name, strength: Strength::Explicit })))
    }
}
