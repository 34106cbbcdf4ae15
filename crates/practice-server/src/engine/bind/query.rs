//! Whole queries: common table expressions, set operations, `ORDER BY`, `OFFSET … FETCH`.

use sqlparser::ast::{
    Expr, LimitClause, OrderByExpr, OrderByKind, OrderBySort, Query, SetExpr, SetOperator, SetQuantifier, Values, With,
};

use super::from::{CommonTable, renamed};
use super::{Binder, Bound, walk};
use crate::engine::fault::{Fault, Reach};
use crate::engine::typed::{Field, Typed, quote};

impl Binder<'_> {
    /// A query, top or nested.
    pub(crate) fn query(&mut self, query: &Query) -> Result<Bound, Fault> {
        self.depth += 1;
        self.too_deep()?;
        let shown = self.common.len();
        let result = self.query_inner(query);
        self.common.truncate(shown);
        self.depth -= 1;
        result
    }

    fn query_inner(&mut self, query: &Query) -> Result<Bound, Fault> {
        if query.for_clause.is_some() {
            return Err(Fault::unsupported("FOR XML and FOR JSON"));
        }
        if !query.locks.is_empty()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty()
        {
            return Err(Fault::unsupported("This clause of SELECT"));
        }
        let with = match &query.with {
            Some(with) => self.with_clause(with)?,
            None => String::new(),
        };
        let order = match &query.order_by {
            None => &[][..],
            Some(order) => match &order.kind {
                OrderByKind::Expressions(all) => all.as_slice(),
                OrderByKind::All(_) => return Err(Fault::unsupported("ORDER BY ALL")),
            },
        };
        let page = self.page(query, !order.is_empty())?;
        let mut bound = match query.body.as_ref() {
            SetExpr::Select(select) => self.select(select, order, &page)?,
            SetExpr::Query(inner) if order.is_empty() && page.is_empty() => self.query(inner)?,
            body => {
                let mut bound = self.set(body)?;
                bound.sql = format!("{}{}{page}", bound.sql, self.order_of_set(&bound.fields, order)?);
                bound
            }
        };
        bound.sql = format!("{with}{}", bound.sql);
        Ok(bound)
    }

    /// `OFFSET … FETCH`.
    fn page(&mut self, query: &Query, ordered: bool) -> Result<String, Fault> {
        let offset = match &query.limit_clause {
            None => None,
            Some(LimitClause::LimitOffset { limit: None, offset: Some(offset), limit_by }) if limit_by.is_empty() => {
                Some(&offset.value)
            }
            Some(_) => return Err(Fault::new(102, "Incorrect syntax near 'LIMIT'.").class(15).reach(Reach::Compile)),
        };
        let fetch = match &query.fetch {
            None => None,
            Some(fetch) if fetch.with_ties || fetch.percent => return Err(Fault::unsupported("FETCH … WITH TIES")),
            Some(fetch) => fetch.quantity.as_ref(),
        };
        if offset.is_none() && fetch.is_none() {
            return Ok(String::new());
        }
        if !ordered || offset.is_none() {
            return Err(Fault::new(102, "Incorrect syntax near 'OFFSET'.").class(15).reach(Reach::Compile));
        }
        let mut number = |expr: Option<&Expr>, default: &str| match expr {
            None => Ok(default.to_owned()),
            Some(expr) => {
                let typed = self.expr(expr)?;
                Ok::<_, Fault>(self.coerce(&typed, crate::value::SqlType::BigInt))
            }
        };
        let (fetch, offset) = (number(fetch, "-1")?, number(offset, "0")?);
        Ok(format!(" LIMIT {fetch} OFFSET {offset}"))
    }

    fn with_clause(&mut self, with: &With) -> Result<String, Fault> {
        let mut parts = Vec::new();
        for table in &with.cte_tables {
            let stored = self.fresh('w');
            let name = table.alias.name.value.clone();
            if let Some((anchor, step)) = recursive(&table.query, &name) {
                let first = self.set(anchor)?;
                let fields = renamed(first.fields.clone(), &table.alias, &table.alias.name)?;
                let fields = numbered(fields);
                self.common.push(CommonTable { name, stored: stored.clone(), fields: fields.clone() });
                let next = self.set(step)?;
                let next = same_types(&next, &first.fields, &table.alias.name.value)?;
                let columns = fields.iter().map(|field| field.stored.clone()).collect::<Vec<_>>().join(", ");
                parts.push(format!("{stored}({columns}) AS (SELECT * FROM ({}) UNION ALL {next})", first.sql));
                continue;
            }
            let scopes = std::mem::take(&mut self.scopes);
            let bound = self.query(&table.query);
            self.scopes = scopes;
            let bound = bound?;
            let fields = renamed(bound.fields, &table.alias, &table.alias.name)?;
            self.common.push(CommonTable { name, stored: stored.clone(), fields });
            parts.push(format!("{stored} AS ({})", bound.sql));
        }
        Ok(format!("WITH RECURSIVE {} ", parts.join(", ")))
    }

    /// An arm of a set operation, or several.
    fn set(&mut self, body: &SetExpr) -> Result<Bound, Fault> {
        match body {
            SetExpr::Select(select) => self.select(select, &[], ""),
            SetExpr::Query(query) => self.query(query),
            SetExpr::Values(values) => self.values(values),
            SetExpr::SetOperation { op, set_quantifier, left, right } => {
                let (left, right) = (self.set(left)?, self.set(right)?);
                let word = match (op, set_quantifier) {
                    (SetOperator::Union, SetQuantifier::All) => "UNION ALL",
                    (SetOperator::Union, SetQuantifier::None) => "UNION",
                    (SetOperator::Except, SetQuantifier::None) => "EXCEPT",
                    (SetOperator::Intersect, SetQuantifier::None) => "INTERSECT",
                    _ => return Err(Fault::unsupported("This set operation")),
                };
                self.united(word, &left, &right)
            }
            other => Err(Fault::unsupported(format!("The query {}", super::expr::shortened(&other.to_string())))),
        }
    }

    fn united(&mut self, word: &str, left: &Bound, right: &Bound) -> Result<Bound, Fault> {
        if left.fields.len() != right.fields.len() {
            return Err(Fault::new(
                205,
                "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of \
                 expressions in their target lists.",
            )
            .reach(Reach::Compile));
        }
        if left.assigns.is_some() || right.assigns.is_some() {
            return Err(Fault::unsupported("An assignment in a set operation"));
        }
        let mut fields = Vec::new();
        for (a, b) in left.fields.iter().zip(&right.fields) {
            let (mut one, mut other) = (typed(a), typed(b));
            one.null = a.stored.starts_with("\"n");
            other.null = b.stored.starts_with("\"n");
            let met = self.unify(&[one, other], word)?;
            fields.push(Field {
                name: a.name.clone(),
                stored: a.stored.clone(),
                kind: met.kind,
                nullable: a.nullable || b.nullable,
                collation: met.collation,
            });
        }
        let fields = numbered(fields);
        let (first, second) = (self.arm(left, &fields), self.arm(right, &fields));
        Ok(Bound { sql: format!("SELECT * FROM ({first} {word} {second})"), fields, assigns: None })
    }

    fn arm(&self, bound: &Bound, fields: &[Field]) -> String {
        let columns = bound
            .fields
            .iter()
            .zip(fields)
            .map(|(from, to)| {
                let mut source = typed(from);
                source.null = from.stored.starts_with("\"n");
                let sql = self.coerce(&source, to.kind);
                let mut target = Typed::new(sql, to.kind);
                target.collation.clone_from(&to.collation);
                format!("{} AS {}", self.sorted(&target), to.stored)
            })
            .collect::<Vec<_>>()
            .join(", ");
        format!("SELECT {columns} FROM ({})", bound.sql)
    }

    fn order_of_set(&mut self, fields: &[Field], order: &[OrderByExpr]) -> Result<String, Fault> {
        let mut keys = Vec::new();
        for one in order {
            let field = match &one.expr {
                Expr::Identifier(ident) => fields.iter().find(|field| self.context.catalog.same(&field.name, &ident.value)),
                expr => ordinal(expr, fields.len())?.and_then(|at| fields.get(at)),
            };
            let field = field.ok_or_else(|| {
                Fault::new(104, "ORDER BY items must appear in the select list if the statement contains a UNION, INTERSECT or EXCEPT operator.").reach(Reach::Compile)
            })?;
            keys.push(format!("{}{}", self.sorted(&typed(field)), direction(one)?));
        }
        Ok(if keys.is_empty() { String::new() } else { format!(" ORDER BY {}", keys.join(", ")) })
    }

    /// `VALUES (1, 2), (3, 4)` as a source.
    pub(super) fn values(&mut self, values: &Values) -> Result<Bound, Fault> {
        let mut rows: Vec<Vec<Typed>> = Vec::new();
        for row in &values.rows {
            let row: &Vec<Expr> = &row.content;
            rows.push(row.iter().map(|expr| self.expr(expr)).collect::<Result<_, _>>()?);
        }
        let width = rows.first().map_or(0, Vec::len);
        if rows.iter().any(|row| row.len() != width) {
            return Err(Fault::new(10709, "The number of columns for each row in a table value constructor must be the same.")
                .reach(Reach::Compile));
        }
        let mut fields = Vec::new();
        for at in 0..width {
            let column: Vec<Typed> = rows.iter().map(|row| row[at].clone()).collect();
            let met = self.unify(&column, "VALUES")?;
            fields.push(Field {
                name: String::new(),
                stored: format!("column{}", at + 1),
                kind: met.kind,
                nullable: met.nullable,
                collation: met.collation,
            });
        }
        let rows = rows
            .iter()
            .map(|row| {
                let cells =
                    row.iter().zip(&fields).map(|(typed, field)| self.coerce(typed, field.kind)).collect::<Vec<_>>().join(", ");
                format!("({cells})")
            })
            .collect::<Vec<_>>()
            .join(", ");
        Ok(Bound { sql: format!("SELECT * FROM (VALUES {rows})"), fields, assigns: None })
    }

    /// A query as one value.
    pub(super) fn scalar_query(&mut self, query: &Query) -> Result<Typed, Fault> {
        let bound = self.query(query)?;
        let [field] = bound.fields.as_slice() else {
            return Err(super::compare::one_expression());
        };
        let mut result = Typed::new("", field.kind);
        result.collation.clone_from(&field.collation);
        let alias = self.fresh('q');
        // More than one row is an error, which SQLite would not notice.
        let too_many = Fault::new(
            512,
            "Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, >= or \
             when the subquery is used as an expression.",
        )
        .terminated()
        .packed();
        result.sql = format!(
            "(SELECT CASE WHEN count(*) > 1 THEN fd('fail', {}) ELSE min({alias}.{}) END FROM (SELECT * FROM ({}) LIMIT 2) AS {alias})",
            quote(&too_many),
            field.stored,
            bound.sql
        );
        if !crate::engine::types::text(field.kind) && aggregate_only(query) {
            result.sql = format!("({})", bound.sql);
        }
        Ok(result)
    }
}

/// A query over one group gives one row.
fn aggregate_only(query: &Query) -> bool {
    matches!(query.body.as_ref(), SetExpr::Select(select)
        if super::aggregate::grouped(select) && matches!(&select.group_by, sqlparser::ast::GroupByExpr::Expressions(keys, _) if keys.is_empty()))
}

pub(super) fn typed(field: &Field) -> Typed {
    let mut typed = Typed::new(field.stored.clone(), field.kind).maybe(field.nullable);
    typed.collation.clone_from(&field.collation);
    typed
}

/// The recursive step as it is: `SQLite` wants the table itself in its `FROM`, so nothing can be wrapped around it.
fn same_types(step: &Bound, anchor: &[Field], name: &str) -> Result<String, Fault> {
    if step.fields.len() != anchor.len() {
        return Err(Fault::new(
            205,
            "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of expressions in \
             their target lists.",
        )
        .reach(Reach::Compile));
    }
    for (from, to) in step.fields.iter().zip(anchor) {
        if !super::same_form(from.kind, to.kind) {
            return Err(Fault::new(
                240,
                format!(
                    "Types don't match between the anchor and the recursive part in column \"{}\" of recursive query \"{name}\".",
                    to.name
                ),
            )
            .reach(Reach::Compile));
        }
    }
    Ok(step.sql.clone())
}

/// Gives fields fresh stored names `o1`, `o2`, ….
pub(super) fn numbered(mut fields: Vec<Field>) -> Vec<Field> {
    for (at, field) in fields.iter_mut().enumerate() {
        field.stored = format!("\"o{}\"", at + 1);
    }
    fields
}

pub(super) fn direction(one: &OrderByExpr) -> Result<&'static str, Fault> {
    match (&one.options.sort, one.options.nulls_first) {
        (None | Some(OrderBySort::Asc), None) => Ok(""),
        (Some(OrderBySort::Desc), None) => Ok(" DESC"),
        _ => Err(Fault::new(102, "Incorrect syntax near 'NULLS'.").class(15).reach(Reach::Compile)),
    }
}

/// `ORDER BY 2`: the place in the select list, from 0.
pub(super) fn ordinal(expr: &Expr, width: usize) -> Result<Option<usize>, Fault> {
    let Expr::Value(value) = expr else {
        return Ok(None);
    };
    let sqlparser::ast::Value::Number(digits, _) = &value.value else {
        return Ok(None);
    };
    match digits.parse::<usize>() {
        Ok(place) if (1..=width).contains(&place) => Ok(Some(place - 1)),
        _ => Err(Fault::new(
            108,
            format!("The ORDER BY position number {digits} is out of range of the number of items in the select list."),
        )
        .reach(Reach::Compile)),
    }
}

/// A common table expression that reads itself: its anchor and its step.
fn recursive<'q>(query: &'q Query, name: &str) -> Option<(&'q SetExpr, &'q SetExpr)> {
    let SetExpr::SetOperation { op: SetOperator::Union, set_quantifier: SetQuantifier::All, left, right } = query.body.as_ref()
    else {
        return None;
    };
    let mut found = false;
    walk::relations(right.as_ref(), &mut |relation| {
        found |= relation.to_string().trim_matches(['[', ']']).eq_ignore_ascii_case(name);
        std::ops::ControlFlow::Continue(())
    });
    found.then_some((left, right))
}
