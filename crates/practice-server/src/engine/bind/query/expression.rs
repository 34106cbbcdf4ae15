//! Binds expressions and conditions.

use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, OrderByExpr, Query, UnaryOperator, Value as Literal, WindowType,
};

use crate::engine::bind::aggregate::{self, AggregateClauses};
use crate::engine::bind::binder::Binder;
use crate::engine::bind::operators::{self, invalid, literal, shortened};
use crate::engine::bind::{dates, functions, query};
use crate::engine::error::{ErrorScope, SqlError};
use crate::engine::typed::BoundExpr;
use crate::engine::{collation, types};
use crate::value::SqlType;

impl Binder<'_> {
    /// Binds a value. A condition in its place is a syntax error.
    pub(crate) fn expr(&mut self, expr: &Expr) -> Result<BoundExpr, SqlError> {
        self.depth += 1;
        self.check_depth()?;
        let result = self.expr_checked(expr);
        self.depth -= 1;
        result
    }

    /// Allows a whole grouping expression where its columns alone are not allowed.
    fn expr_checked(&mut self, expr: &Expr) -> Result<BoundExpr, SqlError> {
        let keys = match self.scopes.last().and_then(|scope| scope.grouping.as_ref()) {
            Some(grouping)
                if !grouping.inside_aggregate
                    && !matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_)) =>
            {
                grouping.keys.clone()
            }
            _ => return self.value(expr),
        };
        if keys.iter().any(|key| key.contains('(')) {
            let before = self.used.clone();
            self.set_inside_aggregate(true);
            let free = self.value(expr);
            self.set_inside_aggregate(false);
            match free {
                Ok(typed) if keys.contains(&typed.sql) => return Ok(typed),
                _ => self.used = before,
            }
        }
        self.value(expr)
    }

    fn value(&mut self, expr: &Expr) -> Result<BoundExpr, SqlError> {
        match expr {
            Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.starts_with("@@") => {
                self.global_variable(&ident.value)
            }
            Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.starts_with('@') => self.variable(&ident.value),
            Expr::Identifier(ident)
                if ident.quote_style.is_none()
                    && let Some(typed) = self.niladic_function(&ident.value.to_ascii_uppercase()) =>
            {
                Ok(typed)
            }
            Expr::Identifier(ident) => self.column(std::slice::from_ref(ident)),
            Expr::CompoundIdentifier(parts) => self.column(parts),
            Expr::Value(value) => literal(&value.value),
            Expr::Nested(inner) => {
                let mut typed = self.expr(inner)?;
                typed.sql = format!("({})", typed.sql);
                Ok(typed)
            }
            Expr::BinaryOp { .. } => {
                // A long chain leans to the left; it is bound in a loop, so that only real nesting counts as such.
                let (first, rest) = left_chain(expr, |_| true);
                let mut result = self.expr(first)?;
                for (operator, right) in rest {
                    let sign = value_operator(operator)?;
                    let right = self.expr(right)?;
                    result = self.operation(sign, &result, &right)?;
                }
                Ok(result)
            }
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::Cast { kind, expr, data_type, format: None } => {
                let lenient = match kind {
                    CastKind::Cast => false,
                    CastKind::TryCast => true,
                    _ => return Err(SqlError::unsupported("This kind of cast")),
                };
                self.cast(expr, data_type, None, lenient)
            }
            Expr::Convert { is_try, expr, data_type: Some(data_type), charset: None, styles, .. } => {
                let style = match styles.as_slice() {
                    [] => None,
                    [style] => Some(style),
                    _ => return Err(SqlError::unsupported("CONVERT with several styles")),
                };
                self.cast(expr, data_type, style, *is_try)
            }
            Expr::Collate { expr, collation } => {
                let typed = self.expr(expr)?;
                self.collate(typed, &collation.to_string())
            }
            Expr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref())
            }
            Expr::Subquery(query) => self.scalar_query(query),
            Expr::Function(function) => self.call(function),
            Expr::Ceil { expr, .. } => self.scalar_call("CEILING", &[expr]),
            Expr::Floor { expr, .. } => self.scalar_call("FLOOR", &[expr]),
            Expr::Substring { expr, substring_from: Some(from), substring_for: Some(length), .. } => {
                self.scalar_call("SUBSTRING", &[expr, from, length])
            }
            Expr::Trim { trim_where: None, trim_what: None, trim_characters: None, expr } => self.scalar_call("TRIM", &[expr]),
            Expr::AtTimeZone { timestamp, time_zone } => {
                let (zone, moment) = (self.expr(time_zone)?, self.expr(timestamp)?);
                dates::at_time_zone(&moment, &zone)
            }
            Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::Exists { .. } => Err(SqlError::new(156, format!("Incorrect syntax near the keyword '{}'.", keyword(expr)))
                .class(15)
                .scope(ErrorScope::Compile)),
            other => Err(SqlError::unsupported(format!("The expression {}", shortened(&other.to_string())))),
        }
    }

    fn unary(&mut self, operator: UnaryOperator, expr: &Expr) -> Result<BoundExpr, SqlError> {
        match operator {
            UnaryOperator::Plus => self.expr(expr),
            UnaryOperator::Minus => {
                if let Expr::Value(value) = expr
                    && let Literal::Number(digits, _) = &value.value
                {
                    return literal(&Literal::Number(format!("-{digits}"), false));
                }
                let typed = self.expr(expr)?;
                self.arithmetic(
                    "-",
                    &BoundExpr::int(0, if types::is_integer(typed.kind) { typed.kind } else { SqlType::Int }).not_null(),
                    &typed,
                )
            }
            UnaryOperator::BitwiseNot => {
                let typed = self.expr(expr)?;
                if !types::is_integer(typed.kind) {
                    return Err(invalid(typed.kind, "'~'"));
                }
                let sql = match typed.kind {
                    SqlType::Bit => format!("(1 - {})", typed.sql),
                    SqlType::TinyInt => format!("(255 - {})", typed.sql),
                    _ => format!("(~{})", typed.sql),
                };
                Ok(BoundExpr::new(sql, typed.kind).with_nullable(typed.nullable))
            }
            UnaryOperator::Not => {
                Err(SqlError::new(156, "Incorrect syntax near the keyword 'NOT'.").class(15).scope(ErrorScope::Compile))
            }
            _ => Err(SqlError::unsupported(format!("The operator {operator}"))),
        }
    }

    fn cast(&mut self, expr: &Expr, data_type: &DataType, style: Option<&Expr>, lenient: bool) -> Result<BoundExpr, SqlError> {
        let declared = types::read_declared(data_type, 30)?;
        let typed = self.expr(expr)?;
        let style = match style {
            None => "0".to_owned(),
            Some(style) => {
                let style = self.expr(style)?;
                match self.coerce(&style, SqlType::Int) {
                    style if style == "126" && self.context.engine.personality().quirks => "121".to_owned(),
                    style => style,
                }
            }
        };
        let explicit = style == "0";
        let kind = declared.kind;
        let mut sql =
            if typed.null || (explicit && typed.kind != SqlType::Variant && operators::has_same_storage(typed.kind, kind)) {
                typed.sql.clone()
            } else {
                let function = if lenient { "tcv" } else { "cv" };
                format!("{function}({}, {}, {}, {style})", typed.sql, types::encode(typed.kind), types::encode(kind))
            };
        if declared.fixed {
            sql = format!("pad({sql}, {})", types::encode(kind));
        }
        let collation = if types::is_text(typed.kind) { typed.collation } else { None };
        Ok(BoundExpr::new(sql, kind).with_nullable(typed.nullable || lenient).collated(collation))
    }

    fn case(&mut self, operand: Option<&Expr>, conditions: &[CaseWhen], otherwise: Option<&Expr>) -> Result<BoundExpr, SqlError> {
        let mut tests = Vec::new();
        let mut results = Vec::new();
        for when in conditions {
            tests.push(match operand {
                Some(operand) => {
                    let (left, right) = (self.expr(operand)?, self.expr(&when.condition)?);
                    self.comparison("=", &left, &right)?
                }
                None => self.condition(&when.condition)?,
            });
            results.push(self.expr(&when.result)?);
        }
        if let Some(otherwise) = otherwise {
            results.push(self.expr(otherwise)?);
        }
        self.choice(&tests, &results, "CASE")
    }

    /// Returns the first result whose test holds; a result without a test is for all other rows.
    fn choice(&self, tests: &[String], results: &[BoundExpr], operation: &str) -> Result<BoundExpr, SqlError> {
        let mut typed = self.unify(results, operation)?;
        typed.nullable |= results.len() == tests.len();
        let mut sql = String::from("CASE");
        for (at, result) in results.iter().enumerate() {
            let result = self.coerce(result, typed.kind);
            sql = match tests.get(at) {
                Some(test) => format!("{sql} WHEN {test} THEN {result}"),
                None => format!("{sql} ELSE {result}"),
            };
        }
        typed.sql = format!("({sql} END)");
        Ok(typed)
    }

    fn exprs(&mut self, all: &[&Expr]) -> Result<Vec<BoundExpr>, SqlError> {
        all.iter().map(|expr| self.expr(expr)).collect()
    }

    fn call(&mut self, function: &Function) -> Result<BoundExpr, SqlError> {
        let full = function.name.to_string();
        let name = full.trim_matches(['[', ']']).to_ascii_uppercase();
        if function.filter.is_some() || function.null_treatment.is_some() || function.uses_odbc_syntax {
            return Err(SqlError::unsupported(format!("This clause of {name}")));
        }
        if aggregate::is_aggregate(&name) {
            return self.aggregate_call(&name, function);
        }
        if ["ROW_NUMBER", "RANK", "DENSE_RANK"].contains(&name.as_str()) {
            let over = self.over(function)?;
            return aggregate::ranking(&name, over.as_deref());
        }
        if function.over.is_some() || !function.within_group.is_empty() {
            return Err(SqlError::unsupported(format!("{name} with OVER or WITHIN GROUP")));
        }
        let arguments = positional_arguments(&name, function)?;
        match (name.as_str(), arguments.as_slice()) {
            (_, []) if let Some(typed) = self.function_without_arguments(&name) => Ok(typed),
            ("IIF", [condition, results @ ..]) if results.len() == 2 => {
                let test = self.condition(condition)?;
                let results = self.exprs(results)?;
                self.choice(&[test], &results, "IIF")
            }
            (_, [part, rest @ ..]) if dates::OF_A_PART.contains(&name.as_str()) => {
                let part = dates::part(if name.starts_with("DATEDIFF") { "datediff" } else { &name }, part)?;
                let rest = self.exprs(rest)?;
                self.function_of_a_part(&name, part, &rest)
            }
            _ => {
                functions::check_call(&name, &full, arguments.len())?;
                self.scalar_call(&name, &arguments)
            }
        }
    }

    fn scalar_call(&mut self, name: &str, arguments: &[&Expr]) -> Result<BoundExpr, SqlError> {
        let arguments = self.exprs(arguments)?;
        self.scalar_function(name, &arguments)
    }

    fn aggregate_call(&mut self, name: &str, function: &Function) -> Result<BoundExpr, SqlError> {
        let FunctionArguments::List(list) = &function.args else {
            return Err(SqlError::unsupported(format!("{name} of this")));
        };
        if function.over.is_some() {
            return self.aggregate_of(name, list, function);
        }
        self.check_aggregate()?;
        self.set_inside_aggregate(true);
        let result = self.aggregate_of(name, list, function);
        self.set_inside_aggregate(false);
        result
    }

    fn aggregate_of(&mut self, name: &str, list: &FunctionArgumentList, function: &Function) -> Result<BoundExpr, SqlError> {
        let distinct = matches!(list.duplicate_treatment, Some(DuplicateTreatment::Distinct));
        let mut clauses = AggregateClauses { distinct, ..AggregateClauses::default() };
        let mut arguments = Vec::new();
        for argument in &list.args {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Wildcard) if name.starts_with("COUNT") => clauses.all_rows = true,
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => arguments.push(self.expr(expr)?),
                _ => return Err(SqlError::unsupported(format!("{name} of this"))),
            }
        }
        clauses.order = aggregate::list(" ORDER BY ", &self.sort_keys(&function.within_group)?);
        clauses.over = self.over(function)?;
        self.aggregate(name, &arguments, &clauses)
    }

    fn over(&mut self, function: &Function) -> Result<Option<String>, SqlError> {
        let spec = match &function.over {
            None => return Ok(None),
            Some(WindowType::WindowSpec(spec)) => spec,
            Some(WindowType::NamedWindow(_)) => return Err(SqlError::unsupported("A named window")),
        };
        if spec.window_name.is_some() || spec.window_frame.is_some() {
            return Err(SqlError::unsupported("A window frame"));
        }
        let mut partition = Vec::new();
        for expr in &spec.partition_by {
            let key = self.expr(expr)?;
            partition.push(self.with_collation(&key));
        }
        let (partition, order) =
            (aggregate::list("PARTITION BY ", &partition), aggregate::list(" ORDER BY ", &self.sort_keys(&spec.order_by)?));
        Ok(Some(format!(" OVER ({partition}{order})")))
    }

    fn sort_keys(&mut self, order: &[OrderByExpr]) -> Result<Vec<String>, SqlError> {
        let mut keys = Vec::new();
        for one in order {
            let key = self.expr(&one.expr)?;
            keys.push(format!("{}{}", self.with_collation(&key), query::direction(one)?));
        }
        Ok(keys)
    }
}

fn positional_arguments<'f>(name: &str, function: &'f Function) -> Result<Vec<&'f Expr>, SqlError> {
    let list = match &function.args {
        FunctionArguments::None => return Ok(Vec::new()),
        FunctionArguments::List(list) => list,
        FunctionArguments::Subquery(_) => {
            return Err(SqlError::unsupported(format!("{name} of a query")));
        }
    };
    if matches!(list.duplicate_treatment, Some(DuplicateTreatment::Distinct)) || !list.clauses.is_empty() {
        return Err(SqlError::unsupported(format!("This clause of {name}")));
    }
    list.args
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr),
            // `IIF(a = 1, …)` looks like a named argument, which T-SQL's functions do not have.
            _ => Err(SqlError::unsupported(format!("This argument of {name}"))),
        })
        .collect()
}

/// Splits `a + b - c` into `a` and the operators with their right operands, as long as the operators are of the chain.
fn left_chain(expr: &Expr, is_of_chain: impl Fn(&BinaryOperator) -> bool) -> (&Expr, Vec<(&BinaryOperator, &Expr)>) {
    let mut rest = Vec::new();
    let mut first = expr;
    while let Expr::BinaryOp { left, op, right } = first
        && is_of_chain(op)
    {
        rest.push((op, right.as_ref()));
        first = left;
    }
    rest.reverse();
    (first, rest)
}

/// Joins conditions as a tree of little depth, because `SQLite` limits it.
fn balanced(tests: &[String], operator: &str) -> String {
    match tests {
        [] => String::new(),
        [test] => test.clone(),
        _ => {
            let (left, right) = tests.split_at(tests.len() / 2);
            format!("({} {operator} {})", balanced(left, operator), balanced(right, operator))
        }
    }
}

/// Returns the sign of an operator on values; a condition in their place is a syntax error.
fn value_operator(operator: &BinaryOperator) -> Result<&'static str, SqlError> {
    Ok(match operator {
        BinaryOperator::Plus => "+",
        BinaryOperator::Minus => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Modulo => "%",
        BinaryOperator::BitwiseAnd => "&",
        BinaryOperator::BitwiseOr => "|",
        BinaryOperator::BitwiseXor => "^",
        BinaryOperator::Eq
        | BinaryOperator::NotEq
        | BinaryOperator::Lt
        | BinaryOperator::LtEq
        | BinaryOperator::Gt
        | BinaryOperator::GtEq => {
            return Err(SqlError::new(102, format!("Incorrect syntax near '{operator}'.")).class(15).scope(ErrorScope::Compile));
        }
        BinaryOperator::And | BinaryOperator::Or => {
            return Err(SqlError::new(156, format!("Incorrect syntax near the keyword '{operator}'."))
                .class(15)
                .scope(ErrorScope::Compile));
        }
        other => return Err(SqlError::unsupported(format!("The operator {other}"))),
    })
}

fn keyword(expr: &Expr) -> &'static str {
    match expr {
        Expr::InList { .. } | Expr::InSubquery { .. } => "IN",
        Expr::Between { .. } => "BETWEEN",
        Expr::Like { .. } => "LIKE",
        Expr::Exists { .. } => "EXISTS",
        _ => "IS",
    }
}

impl Binder<'_> {
    /// Binds a condition. A value in its place is error 4145.
    pub(crate) fn condition(&mut self, expr: &Expr) -> Result<String, SqlError> {
        self.depth += 1;
        self.check_depth()?;
        let result = self.condition_inner(expr);
        self.depth -= 1;
        result
    }

    fn condition_inner(&mut self, expr: &Expr) -> Result<String, SqlError> {
        match expr {
            Expr::Nested(inner) => Ok(format!("({})", self.condition(inner)?)),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => Ok(format!("(NOT {})", self.condition(expr)?)),
            Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => {
                let (first, rest) = left_chain(expr, |other| other == op);
                let mut tests = vec![self.condition(first)?];
                for (_, right) in rest {
                    tests.push(self.condition(right)?);
                }
                Ok(balanced(&tests, &op.to_string()))
            }
            Expr::BinaryOp { left, op, right } if sign(op).is_some() => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                self.comparison(sign(op).unwrap_or("="), &left, &right)
            }
            Expr::IsNull(inner) => Ok(format!("({} IS NULL)", self.expr(inner)?.sql)),
            Expr::IsNotNull(inner) => Ok(format!("({} IS NOT NULL)", self.expr(inner)?.sql)),
            Expr::Between { expr, negated, low, high } => {
                let (value, low, high) = (self.expr(expr)?, self.expr(low)?, self.expr(high)?);
                let (from, to) = (self.comparison(">=", &value, &low)?, self.comparison("<=", &value, &high)?);
                Ok(format!("({}({from} AND {to}))", not(*negated)))
            }
            Expr::InList { expr, list, negated } => {
                let value = self.expr(expr)?;
                let mut tests = Vec::new();
                for one in list {
                    let one = self.expr(one)?;
                    tests.push(self.comparison("=", &value, &one)?);
                }
                Ok(format!("({}{})", not(*negated), balanced(&tests, "OR")))
            }
            Expr::InSubquery { expr, subquery, negated } => {
                let value = self.expr(expr)?;
                self.in_query(&value, subquery, *negated)
            }
            Expr::Exists { subquery, negated } => {
                let bound = self.query(subquery)?;
                Ok(format!("({}EXISTS ({}))", not(*negated), bound.sql))
            }
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                let (value, pattern) = (self.expr(expr)?, self.expr(pattern)?);
                let escape = match escape_char {
                    Some(escape) => self.expr(escape)?.sql,
                    None => "NULL".to_owned(),
                };
                let collated = self.resolve_collation(&value, &pattern, "like")?;
                let class = collated.map_or("ci_as", |collated| collation::comparison_class(&collated.name));
                let wide = SqlType::NVarChar(None);
                Ok(format!(
                    "({}fd('like', {}, {}, {escape}, '{class}'))",
                    not(*negated),
                    self.coerce(&value, wide),
                    self.coerce(&pattern, wide)
                ))
            }
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                let sign = if matches!(expr, Expr::IsDistinctFrom(..)) { "IS NOT" } else { "IS" };
                self.comparison(sign, &left, &right)
            }
            other => {
                // Errors in the value come first: 207 tells more than 4145.
                self.expr(other)?;
                let near = other.to_string().rsplit([' ', '(']).next().unwrap_or_default().trim_end_matches(')').to_owned();
                Err(SqlError::new(
                    4145,
                    format!(
                        "An expression of non-boolean type specified in a context where a condition is expected, near \
                         '{near}'."
                    ),
                )
                .class(15)
                .scope(ErrorScope::Compile))
            }
        }
    }

    fn in_query(&mut self, value: &BoundExpr, subquery: &Query, negated: bool) -> Result<String, SqlError> {
        let bound = self.query(subquery)?;
        let [field] = bound.fields.as_slice() else {
            return Err(not_one_column());
        };
        let alias = self.new_alias('q');
        let mut inner = BoundExpr::new(format!("{alias}.{}", field.stored), field.kind);
        inner.collation.clone_from(&field.collation);
        let collated = self.resolve_collation(value, &inner, "equal to")?;
        let kind = types::common_type(value.kind, inner.kind);
        // The comparison is bound for its checks only; `IN` itself handles NULL correctly.
        self.comparison("=", value, &inner)?;
        let (mut left, mut right) = if types::is_text(kind) {
            (value.sql.clone(), inner.sql.clone())
        } else {
            (self.coerce(value, kind), self.coerce(&inner, kind))
        };
        if matches!(kind, SqlType::DateTimeOffset(_)) {
            left = format!("substr({left}, 1, 19)");
            right = format!("substr({right}, 1, 19)");
        }
        if let Some(collated) = collated {
            left = format!("{left} COLLATE {}", collation::comparison_class(&collated.name));
        }
        Ok(format!("({left} {}IN (SELECT {right} FROM ({}) AS {alias}))", not(negated), bound.sql))
    }
}

pub(super) fn not_one_column() -> SqlError {
    SqlError::new(116, "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.")
        .scope(ErrorScope::Compile)
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

fn sign(operator: &BinaryOperator) -> Option<&'static str> {
    Some(match operator {
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "<>",
        BinaryOperator::Lt => "<",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Gt => ">",
        BinaryOperator::GtEq => ">=",
        _ => return None,
    })
}
