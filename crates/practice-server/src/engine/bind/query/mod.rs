//! Binds whole queries: `SELECT`, common table expressions, set operations, `ORDER BY`, `OFFSET … FETCH`. Queries contain expressions
//! and sources, and these contain queries, so the files of this module call each other.

mod expression;
mod from;

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, JoinOperator, LimitClause, OrderByExpr, OrderByKind, OrderBySort, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, SetOperator, SetQuantifier, TableFactor, TopQuantity, Value as Literal, Values,
    With,
};

use crate::engine::bind::aggregate;
use crate::engine::bind::binder::{Binder, BoundQuery, CommonTable, Grouping, Scope, object_name};
use crate::engine::bind::operators::{has_same_storage, shortened};
use crate::engine::error::{self, ErrorScope, SqlError};
use crate::engine::typed::{BoundExpr, Field, quote};
use crate::engine::types;
use crate::tsql::statement::Selection;
use crate::value::SqlType;

/// The column in which a recursive common table expression counts its levels.
const LEVEL: &str = "\"level\"";

impl Binder<'_> {
    /// Binds a whole `SELECT`.
    pub(crate) fn selection(&mut self, selection: &Selection) -> Result<BoundQuery, SqlError> {
        self.max_recursion = selection.max_recursion;
        self.query(&selection.query)
    }

    /// Binds a query, outermost or nested.
    pub(crate) fn query(&mut self, query: &Query) -> Result<BoundQuery, SqlError> {
        self.depth += 1;
        self.check_depth()?;
        let shown = self.common.len();
        let result = self.query_inner(query);
        self.common.truncate(shown);
        self.depth -= 1;
        result
    }

    fn query_inner(&mut self, query: &Query) -> Result<BoundQuery, SqlError> {
        if query.for_clause.is_some() {
            return Err(SqlError::unsupported("FOR XML and FOR JSON"));
        }
        if !query.locks.is_empty()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty()
        {
            return Err(SqlError::unsupported("This clause of SELECT"));
        }
        let with = match &query.with {
            Some(with) => self.with_clause(with)?,
            None => String::new(),
        };
        let order = match &query.order_by {
            None => &[][..],
            Some(order) => match &order.kind {
                OrderByKind::Expressions(all) => all.as_slice(),
                OrderByKind::All(_) => return Err(SqlError::unsupported("ORDER BY ALL")),
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

    /// Binds `OFFSET … FETCH`.
    fn page(&mut self, query: &Query, ordered: bool) -> Result<String, SqlError> {
        let offset = match &query.limit_clause {
            None => None,
            Some(LimitClause::LimitOffset { limit: None, offset: Some(offset), limit_by }) if limit_by.is_empty() => {
                Some(&offset.value)
            }
            Some(_) => {
                return Err(SqlError::new(102, "Incorrect syntax near 'LIMIT'.").class(15).scope(ErrorScope::Compile));
            }
        };
        let fetch = match &query.fetch {
            None => None,
            Some(fetch) if fetch.with_ties || fetch.percent => {
                return Err(SqlError::unsupported("FETCH … WITH TIES"));
            }
            Some(fetch) => fetch.quantity.as_ref(),
        };
        if offset.is_none() && fetch.is_none() {
            return Ok(String::new());
        }
        if !ordered || offset.is_none() {
            return Err(SqlError::new(102, "Incorrect syntax near 'OFFSET'.").class(15).scope(ErrorScope::Compile));
        }
        let mut number = |expr: Option<&Expr>, clause: &str, least: i64| match expr {
            None => Ok("-1".to_owned()),
            Some(expr) => {
                let typed = match expr {
                    Expr::Value(value) if let Literal::Placeholder(variable) = &value.value => self.variable(variable)?,
                    expr => self.expr(expr)?,
                };
                Ok::<_, SqlError>(format!("fd('page', {}, '{clause}', {least})", self.coerce(&typed, SqlType::BigInt)))
            }
        };
        let (fetch, offset) = (number(fetch, "FETCH", 1)?, number(offset, "OFFSET", 0)?);
        Ok(format!(" LIMIT {fetch} OFFSET {offset}"))
    }

    fn with_clause(&mut self, with: &With) -> Result<String, SqlError> {
        let mut parts = Vec::new();
        for table in &with.cte_tables {
            let stored = self.new_alias('w');
            let name = table.alias.name.value.clone();
            if let Some((anchor, step)) = recursive(&table.query, &name)? {
                let first = self.set(anchor)?;
                let fields = from::rename_columns(first.fields.clone(), &table.alias, &table.alias.name)?;
                let fields = with_output_names(fields);
                self.common.push(CommonTable { name, stored: stored.clone(), fields: fields.clone() });
                let outer = self.recursion.replace((stored.clone(), None));
                let next = self.set(step);
                self.recursion = outer;
                let next = same_types(&next?, &first.fields, &table.alias.name.value)?;
                let columns = fields.iter().map(|field| field.stored.clone()).collect::<Vec<_>>().join(", ");
                parts.push(format!("{stored}({columns}, {LEVEL}) AS (SELECT *, 0 FROM ({}) UNION ALL {next})", first.sql));
                continue;
            }
            let scopes = std::mem::take(&mut self.scopes);
            let bound = self.query(&table.query);
            self.scopes = scopes;
            let bound = bound?;
            let fields = from::rename_columns(bound.fields, &table.alias, &table.alias.name)?;
            self.common.push(CommonTable { name, stored: stored.clone(), fields });
            parts.push(format!("{stored} AS ({})", bound.sql));
        }
        Ok(format!("WITH RECURSIVE {} ", parts.join(", ")))
    }

    /// Binds an operand of a set operation, or a nested one.
    fn set(&mut self, body: &SetExpr) -> Result<BoundQuery, SqlError> {
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
                    _ => return Err(SqlError::unsupported("This set operation")),
                };
                self.united(word, &left, &right)
            }
            other => Err(SqlError::unsupported(format!("The query {}", shortened(&other.to_string())))),
        }
    }

    fn united(&mut self, word: &str, left: &BoundQuery, right: &BoundQuery) -> Result<BoundQuery, SqlError> {
        if left.fields.len() != right.fields.len() {
            return Err(SqlError::new(
                205,
                "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of \
                 expressions in their target lists.",
            )
            .scope(ErrorScope::Compile));
        }
        if left.assigns.is_some() || right.assigns.is_some() {
            return Err(SqlError::unsupported("An assignment in a set operation"));
        }
        let mut fields = Vec::new();
        for (a, b) in left.fields.iter().zip(&right.fields) {
            let (mut one, mut other) = (typed(a), typed(b));
            one.null = a.stored.starts_with("\"n");
            other.null = b.stored.starts_with("\"n");
            let common = self.unify(&[one, other], word)?;
            fields.push(Field {
                name: a.name.clone(),
                stored: a.stored.clone(),
                kind: common.kind,
                nullable: a.nullable || b.nullable,
                collation: common.collation,
            });
        }
        let fields = with_output_names(fields);
        let (first, second) = (self.arm(left, &fields), self.arm(right, &fields));
        Ok(BoundQuery { sql: format!("SELECT * FROM ({first} {word} {second})"), fields, assigns: None })
    }

    fn arm(&self, bound: &BoundQuery, fields: &[Field]) -> String {
        let columns = bound
            .fields
            .iter()
            .zip(fields)
            .map(|(from, to)| {
                let mut source = typed(from);
                source.null = from.stored.starts_with("\"n");
                let sql = self.coerce(&source, to.kind);
                let mut target = BoundExpr::new(sql, to.kind);
                target.collation.clone_from(&to.collation);
                format!("{} AS {}", self.with_collation(&target), to.stored)
            })
            .collect::<Vec<_>>()
            .join(", ");
        format!("SELECT {columns} FROM ({})", bound.sql)
    }

    fn order_of_set(&mut self, fields: &[Field], order: &[OrderByExpr]) -> Result<String, SqlError> {
        let mut keys = Vec::new();
        for one in order {
            let field = match &one.expr {
                Expr::Identifier(ident) => fields.iter().find(|field| self.context.catalog.same(&field.name, &ident.value)),
                expr => ordinal(expr, fields.len())?.and_then(|at| fields.get(at)),
            };
            let field = field.ok_or_else(|| {
                SqlError::new(104, "ORDER BY items must appear in the select list if the statement contains a UNION, INTERSECT or EXCEPT operator.").scope(ErrorScope::Compile)
            })?;
            keys.push(format!("{}{}", self.with_collation(&typed(field)), direction(one)?));
        }
        Ok(aggregate::list(" ORDER BY ", &keys))
    }

    /// Binds `VALUES (1, 2), (3, 4)` as a source.
    pub(super) fn values(&mut self, values: &Values) -> Result<BoundQuery, SqlError> {
        let mut rows: Vec<Vec<BoundExpr>> = Vec::new();
        for row in &values.rows {
            let row: &Vec<Expr> = &row.content;
            rows.push(row.iter().map(|expr| self.expr(expr)).collect::<Result<_, _>>()?);
        }
        let width = rows.first().map_or(0, Vec::len);
        if rows.iter().any(|row| row.len() != width) {
            return Err(SqlError::new(
                10709,
                "The number of columns for each row in a table value constructor must be the same.",
            )
            .scope(ErrorScope::Compile));
        }
        let mut fields = Vec::new();
        for at in 0..width {
            let column: Vec<BoundExpr> = rows.iter().map(|row| row[at].clone()).collect();
            let common = self.unify(&column, "VALUES")?;
            fields.push(Field {
                name: String::new(),
                stored: format!("column{}", at + 1),
                kind: common.kind,
                nullable: common.nullable,
                collation: common.collation,
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
        Ok(BoundQuery { sql: format!("SELECT * FROM (VALUES {rows})"), fields, assigns: None })
    }

    /// Binds a query as one value.
    pub(super) fn scalar_query(&mut self, query: &Query) -> Result<BoundExpr, SqlError> {
        let bound = self.query(query)?;
        let [field] = bound.fields.as_slice() else {
            return Err(expression::not_one_column());
        };
        let mut result = BoundExpr::new("", field.kind);
        result.collation.clone_from(&field.collation);
        let alias = self.new_alias('q');
        // More than one row is an error that SQLite does not report.
        let too_many = SqlError::new(
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
        if !types::is_text(field.kind) && aggregate_only(query) {
            result.sql = format!("({})", bound.sql);
        }
        Ok(result)
    }
}

/// Returns whether a query has exactly one group, and so one row.
fn aggregate_only(query: &Query) -> bool {
    matches!(query.body.as_ref(), SetExpr::Select(select)
        if aggregate::is_grouped(select) && matches!(&select.group_by, sqlparser::ast::GroupByExpr::Expressions(keys, _) if keys.is_empty()))
}

fn typed(field: &Field) -> BoundExpr {
    let mut typed = BoundExpr::new(field.stored.clone(), field.kind).with_nullable(field.nullable);
    typed.collation.clone_from(&field.collation);
    typed
}

/// Returns the recursive step unchanged: `SQLite` requires the table itself in its `FROM`, so nothing can be wrapped around
/// it.
fn same_types(step: &BoundQuery, anchor: &[Field], name: &str) -> Result<String, SqlError> {
    if step.fields.len() != anchor.len() {
        return Err(SqlError::new(
            205,
            "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of expressions in \
             their target lists.",
        )
        .scope(ErrorScope::Compile));
    }
    for (from, to) in step.fields.iter().zip(anchor) {
        if !has_same_storage(from.kind, to.kind) {
            return Err(SqlError::new(
                240,
                format!(
                    "Types don't match between the anchor and the recursive part in column \"{}\" of recursive query \"{name}\".",
                    to.name
                ),
            )
            .scope(ErrorScope::Compile));
        }
    }
    Ok(step.sql.clone())
}

/// Gives fields new stored names `o1`, `o2`, ….
fn with_output_names(mut fields: Vec<Field>) -> Vec<Field> {
    for (at, field) in fields.iter_mut().enumerate() {
        field.stored = format!("\"o{}\"", at + 1);
    }
    fields
}

pub(super) fn direction(one: &OrderByExpr) -> Result<&'static str, SqlError> {
    match (&one.options.sort, one.options.nulls_first) {
        (None | Some(OrderBySort::Asc), None) => Ok(""),
        (Some(OrderBySort::Desc), None) => Ok(" DESC"),
        _ => Err(SqlError::new(102, "Incorrect syntax near 'NULLS'.").class(15).scope(ErrorScope::Compile)),
    }
}

/// Returns the place of `ORDER BY 2` in the select list, starting at 0.
fn ordinal(expr: &Expr, width: usize) -> Result<Option<usize>, SqlError> {
    let Expr::Value(value) = expr else {
        return Ok(None);
    };
    let sqlparser::ast::Value::Number(digits, _) = &value.value else {
        return Ok(None);
    };
    match digits.parse::<usize>() {
        Ok(place) if (1..=width).contains(&place) => Ok(Some(place - 1)),
        _ => Err(SqlError::new(
            108,
            format!("The ORDER BY position number {digits} is out of range of the number of items in the select list."),
        )
        .scope(ErrorScope::Compile)),
    }
}

/// Returns the anchor and the step of a common table expression that reads itself.
fn recursive<'q>(query: &'q Query, name: &str) -> Result<Option<(&'q SetExpr, &'q SetExpr)>, SqlError> {
    let SetExpr::SetOperation { op: SetOperator::Union, set_quantifier: SetQuantifier::All, left, right } = query.body.as_ref()
    else {
        return Ok(None);
    };
    let references = |body: &SetExpr| {
        let mut found = 0;
        aggregate::relations(body, &mut |relation| {
            found += usize::from(relation.to_string().trim_matches(['[', ']']).eq_ignore_ascii_case(name));
            std::ops::ControlFlow::Continue(())
        });
        found
    };
    if references(left) > 0 {
        return Err(SqlError::unsupported("A common table expression with several recursive members"));
    }
    let refuse = |number, text: String| Err(SqlError::new(number, text).scope(ErrorScope::Compile));
    match references(right) {
        0 => return Ok(None),
        1 => {}
        _ => {
            return refuse(
                253,
                format!("Recursive member of a common table expression '{name}' has multiple recursive references."),
            );
        }
    }
    let SetExpr::Select(step) = right.as_ref() else {
        return Err(SqlError::unsupported("This recursive member"));
    };
    let is_reference = |factor: &TableFactor| {
        matches!(factor, TableFactor::Table { name: table, .. }
            if table.to_string().trim_matches(['[', ']']).eq_ignore_ascii_case(name))
    };
    if !step.from.iter().any(|one| is_reference(&one.relation) || one.joins.iter().any(|join| is_reference(&join.relation))) {
        return Err(SqlError::unsupported("A recursive reference within a subquery"));
    }
    let is_outer = |operator: &JoinOperator| {
        use JoinOperator::{FullOuter, Left, LeftOuter, Right, RightOuter};
        matches!(operator, Left(_) | LeftOuter(_) | Right(_) | RightOuter(_) | FullOuter(_))
    };
    if aggregate::is_grouped(step) {
        let text = "GROUP BY, HAVING, or aggregate functions are not allowed in the recursive part of a recursive common table expression";
        return refuse(467, format!("{text} '{name}'."));
    }
    if step.distinct.is_some() || step.top.is_some() {
        let text = "The TOP or DISTINCT operator is not allowed in the recursive part of a recursive common table expression";
        return refuse(460, format!("{text} '{name}'."));
    }
    if step.from.iter().flat_map(|from| &from.joins).any(|join| is_outer(&join.join_operator)) {
        let text = "Outer join is not allowed in the recursive part of a recursive common table expression";
        return refuse(462, format!("{text} '{name}'."));
    }
    Ok(Some((left, right)))
}

/// A column of the select list.
struct Item {
    typed: BoundExpr,
    name: String,
    assigns: Option<String>,
}

impl Binder<'_> {
    pub(super) fn select(&mut self, select: &Select, order: &[OrderByExpr], page: &str) -> Result<BoundQuery, SqlError> {
        self.scopes.push(Scope::default());
        let result = self.select_inner(select, order, page);
        self.scopes.pop();
        result
    }

    fn select_inner(&mut self, select: &Select, order: &[OrderByExpr], page: &str) -> Result<BoundQuery, SqlError> {
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
                // Marks the literal NULL: in a UNION it takes the type of the other operand.
                stored: format!("\"{}{}\"", if item.typed.null { 'n' } else { 'o' }, at + 1),
                kind: item.typed.kind,
                nullable: item.typed.nullable,
                collation: item.typed.collation.clone(),
            })
            .collect();
        let distinct = match &select.distinct {
            None | Some(Distinct::All) => false,
            Some(Distinct::Distinct) => true,
            Some(Distinct::On(_)) => return Err(SqlError::unsupported("DISTINCT ON")),
        };
        let columns = items
            .iter()
            .zip(&fields)
            .map(|(item, field)| {
                let sql = if distinct { self.with_collation(&item.typed) } else { item.typed.sql.clone() };
                format!("{sql} AS {}", field.stored)
            })
            .collect::<Vec<_>>()
            .join(", ");
        let level = match &self.recursion {
            // The level is counted in a column of its own, and the limit is an error.
            Some((_, Some(alias))) if self.origins().iter().any(|origin| origin.stored == *alias) => {
                format!(", fd('recursion', {alias}.{LEVEL}, {}) AS {LEVEL}", self.max_recursion)
            }
            _ => String::new(),
        };
        let keys = self.order(order, &items, &fields, distinct)?;
        let top = self.top(select, page)?;
        let from = if from.is_empty() { String::new() } else { format!(" FROM {from}") };
        let distinct = if distinct { "DISTINCT " } else { "" };
        let sql = format!("SELECT {distinct}{columns}{level}{from}{filter}{group}{having}{keys}{top}{page}");
        Ok(BoundQuery { sql, fields, assigns })
    }

    fn grouping(&mut self, select: &Select) -> Result<(String, String), SqlError> {
        let GroupByExpr::Expressions(keys, modifiers) = &select.group_by else {
            return Err(SqlError::unsupported("GROUP BY ALL"));
        };
        if !modifiers.is_empty() {
            return Err(SqlError::unsupported("WITH ROLLUP and WITH CUBE"));
        }
        if !aggregate::is_grouped(select) {
            return Ok((String::new(), String::new()));
        }
        let mut plain = Vec::new();
        let mut sorted = Vec::new();
        for key in keys {
            let key = self.expr(key)?;
            sorted.push(self.with_collation(&key));
            plain.push(key.sql);
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.grouping = Some(Grouping { keys: plain, inside_aggregate: false });
        }
        let group = aggregate::list(" GROUP BY ", &sorted);
        let having = match &select.having {
            Some(having) => {
                let condition = self.condition(having)?;
                format!(" HAVING {condition}")
            }
            None => String::new(),
        };
        Ok((group, having))
    }

    fn items(&mut self, projection: &[SelectItem]) -> Result<Vec<Item>, SqlError> {
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
                        // Checks that it is declared.
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
                    let name = object_name(name)?;
                    self.wildcard(Some(name.object()), &mut items)?;
                }
                other => return Err(SqlError::unsupported(format!("The select item {other}"))),
            }
        }
        Ok(items)
    }

    fn wildcard(&mut self, alias: Option<&str>, items: &mut Vec<Item>) -> Result<(), SqlError> {
        let scope = self.scopes.last();
        let origins: Vec<_> = scope
            .into_iter()
            .flat_map(|scope| &scope.origins)
            .filter(|origin| alias.is_none_or(|alias| self.context.catalog.same(&origin.alias, alias)))
            .cloned()
            .collect();
        if origins.is_empty() {
            return Err(match alias {
                Some(alias) => SqlError::new(
                    107,
                    format!("The column prefix '{alias}' does not match with a table name or alias name used in the query."),
                )
                .class(15)
                .scope(ErrorScope::Compile),
                None => SqlError::new(263, "Must specify table to select from.").scope(ErrorScope::Compile),
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

    fn order(&mut self, order: &[OrderByExpr], items: &[Item], fields: &[Field], distinct: bool) -> Result<String, SqlError> {
        let mut keys = Vec::new();
        for one in order {
            let by_alias = match &one.expr {
                Expr::Identifier(ident) => {
                    items.iter().position(|item| !item.name.is_empty() && self.context.catalog.same(&item.name, &ident.value))
                }
                expr => ordinal(expr, items.len())?,
            };
            let key = match by_alias {
                Some(at) => typed(&fields[at]),
                None => self.expr(&one.expr)?,
            };
            if by_alias.is_none() && distinct && !items.iter().any(|item| item.typed.sql == key.sql) {
                return Err(SqlError::new(145, "ORDER BY items must appear in the select list if SELECT DISTINCT is specified.")
                    .class(15)
                    .scope(ErrorScope::Compile));
            }
            keys.push(format!("{}{}", self.with_collation(&key), direction(one)?));
        }
        Ok(aggregate::list(" ORDER BY ", &keys))
    }

    fn top(&mut self, select: &Select, page: &str) -> Result<String, SqlError> {
        let Some(top) = &select.top else {
            return Ok(String::new());
        };
        if top.with_ties || top.percent {
            return Err(SqlError::unsupported("TOP … PERCENT and WITH TIES"));
        }
        if !page.is_empty() {
            return Err(SqlError::new(10741, "A TOP can not be used in the same query or sub-query as a OFFSET.")
                .class(15)
                .scope(ErrorScope::Compile));
        }
        match &top.quantity {
            Some(TopQuantity::Constant(number)) => Ok(format!(" LIMIT {number}")),
            Some(TopQuantity::Expr(expr)) => {
                let typed = self.expr(expr)?;
                Ok(format!(" LIMIT fd('page', {}, 'TOP', 0)", self.coerce(&typed, SqlType::BigInt)))
            }
            None => Err(SqlError::unsupported("TOP without a number")),
        }
    }

    /// Binds the items of an `OUTPUT` clause over sources that the caller has put into scope.
    pub(crate) fn output(&mut self, projection: &[SelectItem]) -> Result<(Vec<String>, Vec<Field>), SqlError> {
        let items = self.items(projection)?;
        if items.iter().any(|item| item.assigns.is_some()) {
            return Err(SqlError::unsupported("An assignment in OUTPUT"));
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

fn assignments(items: &[Item]) -> Result<Option<Vec<String>>, SqlError> {
    let names: Vec<String> = items.iter().filter_map(|item| item.assigns.clone()).collect();
    if names.is_empty() {
        Ok(None)
    } else if names.len() == items.len() {
        Ok(Some(names))
    } else {
        Err(SqlError::new(
            141,
            "A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations.",
        )
        .class(15)
        .scope(ErrorScope::Compile))
    }
}

fn plain_wildcard(options: &sqlparser::ast::WildcardAdditionalOptions) -> Result<(), SqlError> {
    let plain = options.opt_ilike.is_none()
        && options.opt_exclude.is_none()
        && options.opt_except.is_none()
        && options.opt_replace.is_none()
        && options.opt_rename.is_none();
    if plain { Ok(()) } else { Err(error::no_column("*")) }
}

/// Refuses clauses of other dialects, and those that the practice server does not support.
fn refuse_foreign(select: &Select) -> Result<(), SqlError> {
    if select.into.is_some() {
        return Err(SqlError::unsupported("SELECT … INTO"));
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
        return Err(SqlError::unsupported("This clause of SELECT"));
    }
    Ok(())
}
