//! Names of columns.

use sqlparser::ast::Ident;

use super::Binder;
use crate::engine::fault::{self, Fault, Reach};
use crate::engine::typed::Typed;

impl Binder<'_> {
    /// `name`, `alias.name`, `schema.table.name`.
    pub(super) fn column(&self, parts: &[Ident]) -> Result<Typed, Fault> {
        let Some((name, qualifiers)) = parts.split_last() else {
            return Err(fault::no_column(""));
        };
        for part in parts {
            super::from::bare(part)?;
        }
        let same = |a: &str, b: &str| self.context.catalog.same(a, b);
        for scope in self.scopes.iter().rev() {
            let mut found = Vec::new();
            let mut qualified = qualifiers.is_empty();
            for origin in &scope.origins {
                let answers = match qualifiers {
                    [] => true,
                    [alias] => same(&origin.alias, &alias.value),
                    [.., schema, table] => {
                        same(&origin.alias, &table.value) && origin.schema.as_deref().is_some_and(|own| same(own, &schema.value))
                    }
                };
                if !answers {
                    continue;
                }
                qualified = true;
                found.extend(origin.fields.iter().filter(|field| same(&field.name, &name.value)).map(|field| (origin, field)));
            }
            match found.as_slice() {
                [] if qualified && !qualifiers.is_empty() => return Err(fault::no_column(&name.value)),
                [] => {}
                [(origin, field)] => {
                    let sql = format!("{}.{}", origin.stored, field.stored);
                    if let Some(grouping) = &scope.grouping
                        && !grouping.inside
                        && !grouping.keys.contains(&sql)
                    {
                        return Err(Fault::new(
                            8120,
                            format!(
                                "Column '{}.{}' is invalid in the select list because it is not contained in either an \
                                 aggregate function or the GROUP BY clause.",
                                origin.described(),
                                field.name
                            ),
                        )
                        .reach(Reach::Compile));
                    }
                    let mut typed = Typed::new(sql, field.kind).maybe(field.nullable || origin.outer);
                    typed.collation.clone_from(&field.collation);
                    typed.name = Some(field.name.clone());
                    return Ok(typed);
                }
                _ => {
                    return Err(Fault::new(209, format!("Ambiguous column name '{}'.", name.value)).reach(Reach::Compile));
                }
            }
        }
        if qualifiers.is_empty() {
            return Err(fault::no_column(&name.value));
        }
        let all = parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".");
        Err(Fault::new(4104, format!("The multi-part identifier \"{all}\" could not be bound.")).reach(Reach::Compile))
    }
}
