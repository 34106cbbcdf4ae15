//! One `SELECT`.

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, OrderByExpr, Select, SelectItem, SelectItemQualifiedWildcardKind, TopQuantity,
};

use super::from::name_of;
use super::query::{direction, ordinal, typed};
use super::{Binder, Bound, Grouping, Scope, aggregate};
use crate::engine::fault::{self, Fault, Reach};
use crate::engine::typed::{Field, Typed};
use crate::value::SqlType;

/// A column of the select list on its way.
struct Item {
    typed: Typed,
    name: String,
    assigns: Option<String>,
}

impl Binder<'_> {
    pub(super) fn select(&mut self, select: &Select, order: &[OrderByExpr], page: &str) -> Result<Bound, Fault> {
        self.scopes.push(Scope::default());
        let result = self.select_inner(select, order, page);
        self.scopes.pop();
        result
    }

    fn select_inner(&mut self, select: &Select, order: &[OrderByExpr], page: &str) -> Result<Bound, Fault> {
        refuse_foreign(select)?;
        let from = self.from(&select.from)?;
        let filter = match &select.selection {
            Some(condition) => format!(" WHERE {}", self.condition(condition)?),
            None => String::new(),
        };
        let (group, having) = self.grouping(select)?;
        let items = self.items(&select.projection)?;
        let assigns = assignments(&items)?;
        let fields: Vec<Field> = items
            .iter()
            .enumerate()
            .map(|(at, item)| Field {
                name: item.name.clone(),
                // The literal NULL is remembered: in a UNION it takes the other arm's type.
                stored: format!("\"{}{}\"", if item.typed.null { 'n' } else { 'o' }, at + 1),
                kind: item.typed.kind,
                nullable: item.typed.nullable,
                collation: item.typed.collation.clone(),
            })
            .collect();
        let distinct = match &select.distinct {
            None | Some(Distinct::All) => false,
            Some(Distinct::Distinct) => true,
            Some(Distinct::On(_)) => return Err(Fault::unsupported("DISTINCT ON")),
        };
        let columns = items
            .iter()
            .zip(&fields)
            .map(|(item, field)| {
                let sql = if distinct { self.sorted(&item.typed) } else { item.typed.sql.clone() };
                format!("{sql} AS {}", field.stored)
            })
            .collect::<Vec<_>>()
            .join(", ");
        let keys = self.order(order, &items, &fields, distinct)?;
        let top = self.top(select, page)?;
        let from = if from.is_empty() { String::new() } else { format!(" FROM {from}") };
        let distinct = if distinct { "DISTINCT " } else { "" };
        let sql = format!("SELECT {distinct}{columns}{from}{filter}{group}{having}{keys}{top}{page}");
        Ok(Bound { sql, fields, assigns })
    }

    fn grouping(&mut self, select: &Select) -> Result<(String, String), Fault> {
        let GroupByExpr::Expressions(keys, modifiers) = &select.group_by else {
            return Err(Fault::unsupported("GROUP BY ALL"));
        };
        if !modifiers.is_empty() {
            return Err(Fault::unsupported("WITH ROLLUP and WITH CUBE"));
        }
        if !aggregate::grouped(select) {
            return Ok((String::new(), String::new()));
        }
        let mut plain = Vec::new();
        let mut sorted = Vec::new();
        for key in keys {
            let key = self.expr(key)?;
            sorted.push(self.sorted(&key));
            plain.push(key.sql);
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.grouping = Some(Grouping { keys: plain, inside: false });
        }
        let group = if sorted.is_empty() { String::new() } else { format!(" GROUP BY {}", sorted.join(", ")) };
        let having = match &select.having {
            Some(having) => {
                let condition = self.condition(having)?;
                format!(" HAVING {condition}")
            }
            None => String::new(),
        };
        Ok((group, having))
    }

    fn items(&mut self, projection: &[SelectItem]) -> Result<Vec<Item>, Fault> {
        let mut items = Vec::new();
        for item in projection {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let typed = self.expr(expr)?;
                    let name = typed.name.clone().unwrap_or_default();
                    items.push(Item { typed, name, assigns: None });
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let typed = self.expr(expr)?;
                    let variable = alias.quote_style.is_none() && alias.value.starts_with('@');
                    if variable {
                        // Only to be sure that it is declared.
                        self.variable(&alias.value)?;
                    }
                    items.push(Item {
                        typed,
                        name: if variable { String::new() } else { alias.value.clone() },
                        assigns: variable.then(|| alias.value.to_lowercase()),
                    });
                }
                SelectItem::Wildcard(options) => {
                    plain_wildcard(options)?;
                    self.wildcard(None, &mut items)?;
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                    plain_wildcard(options)?;
                    let name = name_of(name)?;
                    self.wildcard(Some(name.object()), &mut items)?;
                }
                other => return Err(Fault::unsupported(format!("The select item {other}"))),
            }
        }
        Ok(items)
    }

    fn wildcard(&mut self, alias: Option<&str>, items: &mut Vec<Item>) -> Result<(), Fault> {
        let scope = self.scopes.last();
        let origins: Vec<_> = scope
            .into_iter()
            .flat_map(|scope| &scope.origins)
            .filter(|origin| alias.is_none_or(|alias| self.context.catalog.same(&origin.alias, alias)))
            .cloned()
            .collect();
        if origins.is_empty() {
            return Err(match alias {
                Some(alias) => Fault::new(
                    107,
                    format!("The column prefix '{alias}' does not match with a table name or alias name used in the query."),
                )
                .class(15)
                .reach(Reach::Compile),
                None => Fault::new(263, "Must specify table to select from.").reach(Reach::Compile),
            });
        }
        for origin in &origins {
            for field in &origin.fields {
                let quoted = |name: &str| sqlparser::ast::Ident::with_quote('[', name);
                let parts = [quoted(&origin.alias), quoted(&field.name)];
                let typed = self.column(&parts)?;
                items.push(Item { typed, name: field.name.clone(), assigns: None });
            }
        }
        Ok(())
    }

    fn order(&mut self, order: &[OrderByExpr], items: &[Item], fields: &[Field], distinct: bool) -> Result<String, Fault> {
        let mut keys = Vec::new();
        for one in order {
            let by_alias = match &one.expr {
                Expr::Identifier(ident) => {
                    items.iter().position(|item| !item.name.is_empty() && self.context.catalog.same(&item.name, &ident.value))
                }
                expr => ordinal(expr, items.len())?,
            };
            let key = if let Some(at) = by_alias {
                self.sorted(&typed(&fields[at]))
            } else {
                {
                    let typed = self.expr(&one.expr)?;
                    if distinct && !items.iter().any(|item| item.typed.sql == typed.sql) {
                        return Err(Fault::new(
                            145,
                            "ORDER BY items must appear in the select list if SELECT DISTINCT is specified.",
                        )
                        .class(15)
                        .reach(Reach::Compile));
                    }
                    self.sorted(&typed)
                }
            };
            keys.push(format!("{key}{}", direction(one)?));
        }
        Ok(if keys.is_empty() { String::new() } else { format!(" ORDER BY {}", keys.join(", ")) })
    }

    fn top(&mut self, select: &Select, page: &str) -> Result<String, Fault> {
        let Some(top) = &select.top else {
            return Ok(String::new());
        };
        if top.with_ties || top.percent {
            return Err(Fault::unsupported("TOP … PERCENT and WITH TIES"));
        }
        if !page.is_empty() {
            return Err(Fault::new(10741, "A TOP can not be used in the same query or sub-query as a OFFSET.")
                .class(15)
                .reach(Reach::Compile));
        }
        match &top.quantity {
            Some(TopQuantity::Constant(number)) => Ok(format!(" LIMIT {number}")),
            Some(TopQuantity::Expr(expr)) => {
                let typed = self.expr(expr)?;
                Ok(format!(" LIMIT {}", self.coerce(&typed, SqlType::BigInt)))
            }
            None => Err(Fault::unsupported("TOP without a number")),
        }
    }

    /// The items of an `OUTPUT` clause, over sources that the caller has put into scope.
    pub(crate) fn output(&mut self, projection: &[SelectItem]) -> Result<(Vec<String>, Vec<Field>), Fault> {
        let items = self.items(projection)?;
        if items.iter().any(|item| item.assigns.is_some()) {
            return Err(Fault::unsupported("An assignment in OUTPUT"));
        }
        let fields = items
            .iter()
            .map(|item| Field {
                name: item.name.clone(),
                stored: String::new(),
                kind: item.typed.kind,
                nullable: item.typed.nullable,
                collation: None,
            })
            .collect();
        Ok((items.into_iter().map(|item| item.typed.sql).collect(), fields))
    }
}

fn assignments(items: &[Item]) -> Result<Option<Vec<String>>, Fault> {
    let names: Vec<String> = items.iter().filter_map(|item| item.assigns.clone()).collect();
    if names.is_empty() {
        Ok(None)
    } else if names.len() == items.len() {
        Ok(Some(names))
    } else {
        Err(Fault::new(
            141,
            "A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations.",
        )
        .class(15)
        .reach(Reach::Compile))
    }
}

fn plain_wildcard(options: &sqlparser::ast::WildcardAdditionalOptions) -> Result<(), Fault> {
    let plain = options.opt_ilike.is_none()
        && options.opt_exclude.is_none()
        && options.opt_except.is_none()
        && options.opt_replace.is_none()
        && options.opt_rename.is_none();
    if plain { Ok(()) } else { Err(fault::no_column("*")) }
}

/// What other dialects have and T-SQL has not, or the practice server has not.
fn refuse_foreign(select: &Select) -> Result<(), Fault> {
    if select.into.is_some() {
        return Err(Fault::unsupported("SELECT … INTO"));
    }
    let foreign = !select.lateral_views.is_empty()
        || select.prewhere.is_some()
        || !select.connect_by.is_empty()
        || !select.cluster_by.is_empty()
        || !select.distribute_by.is_empty()
        || !select.sort_by.is_empty()
        || !select.named_window.is_empty()
        || select.qualify.is_some()
        || select.value_table_mode.is_some()
        || select.exclude.is_some();
    if foreign {
        return Err(Fault::unsupported("This clause of SELECT"));
    }
    Ok(())
}
