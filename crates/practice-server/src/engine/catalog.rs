//! A database's schemas, tables, columns, constraints, users and permissions.
//!
//! The catalog is stored as one text in the database's own file, so that it is rolled back with the transaction that changed
//! it.

use serde::{Deserialize, Serialize};

use super::{collation, types};
use crate::tsql::statement::ReferentialAction;
use crate::value::SqlType;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Catalog {
    next_object: i64,
    next_principal: i64,
    next_schema: i64,
    pub(crate) collation: String,
    #[serde(default)]
    pub(crate) schemas: Vec<Schema>,
    #[serde(default)]
    pub(crate) tables: Vec<Table>,
    #[serde(default)]
    pub(crate) principals: Vec<Principal>,
    #[serde(default)]
    pub(crate) permissions: Vec<PermissionEntry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Schema {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) owner: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Table {
    pub(crate) id: i64,
    pub(crate) schema: i64,
    pub(crate) name: String,
    pub(crate) created: i64,
    pub(crate) modified: i64,
    pub(crate) next_column: i64,
    #[serde(default)]
    pub(crate) columns: Vec<TableColumn>,
    #[serde(default)]
    pub(crate) indexes: Vec<TableIndex>,
    #[serde(default)]
    pub(crate) checks: Vec<CheckConstraint>,
    #[serde(default)]
    pub(crate) foreign: Vec<ForeignKey>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TableColumn {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) code: i64,
    pub(crate) type_name: String,
    pub(crate) fixed: bool,
    pub(crate) nullable: bool,
    pub(crate) collation: Option<String>,
    pub(crate) identity: Option<(i64, i64)>,
    pub(crate) default: Option<DefaultConstraint>,
}

/// A default constraint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DefaultConstraint {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) text: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TableIndex {
    /// The constraint's object id; 0 for an index that belongs to no constraint.
    pub(crate) object: i64,
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) unique: bool,
    pub(crate) primary: bool,
    pub(crate) columns: Vec<(i64, bool)>,
    #[serde(default)]
    pub(crate) include: Vec<i64>,
    pub(crate) filter: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CheckConstraint {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) text: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ForeignKey {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) columns: Vec<i64>,
    pub(crate) table: i64,
    pub(crate) references: Vec<i64>,
    pub(crate) on_delete: ReferentialAction,
    pub(crate) on_update: ReferentialAction,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Principal {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) role: bool,
    pub(crate) fixed: bool,
    /// The login's security identifier in hexadecimal.
    pub(crate) sid: Option<String>,
    pub(crate) schema: Option<String>,
    #[serde(default)]
    pub(crate) members: Vec<i64>,
    pub(crate) created: i64,
}

/// A row of `sys.database_permissions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PermissionEntry {
    pub(crate) grantee: i64,
    /// 0 database, 1 object, 3 schema.
    pub(crate) class: u8,
    pub(crate) major: i64,
    pub(crate) name: String,
    pub(crate) deny: bool,
}

/// `public`
pub(crate) const PUBLIC: i64 = 0;
/// `dbo`
pub(crate) const DBO: i64 = 1;
/// `guest`
pub(crate) const GUEST: i64 = 2;

const FIXED_ROLES: &[(&str, i64)] = &[
    ("db_owner", 16384),
    ("db_accessadmin", 16385),
    ("db_securityadmin", 16386),
    ("db_ddladmin", 16387),
    ("db_backupoperator", 16389),
    ("db_datareader", 16390),
    ("db_datawriter", 16391),
    ("db_denydatareader", 16392),
    ("db_denydatawriter", 16393),
];

impl Catalog {
    /// Returns whether a foreign key of another table references this one.
    pub(crate) fn is_referenced(&self, table: i64) -> bool {
        self.tables.iter().any(|other| other.id != table && other.foreign.iter().any(|key| key.table == table))
    }

    /// A new database's.
    pub(crate) fn new(collation: &str, now: i64) -> Self {
        let principal = |id, name: &str, role, schema: Option<&str>| Principal {
            id,
            name: name.to_owned(),
            role,
            fixed: true,
            sid: None,
            schema: schema.map(str::to_owned),
            members: Vec::new(),
            created: now,
        };
        let schema = |id, name: &str| Schema { id, name: name.to_owned(), owner: id };
        let mut principals = vec![
            principal(PUBLIC, "public", true, None),
            principal(DBO, "dbo", false, Some("dbo")),
            principal(GUEST, "guest", false, Some("guest")),
            principal(3, "INFORMATION_SCHEMA", false, None),
            principal(4, "sys", false, None),
        ];
        let mut schemas = vec![schema(1, "dbo"), schema(2, "guest"), schema(3, "INFORMATION_SCHEMA"), schema(4, "sys")];
        for (name, id) in FIXED_ROLES {
            principals.push(principal(*id, name, true, None));
            schemas.push(schema(*id, name));
        }
        Self {
            next_object: 901_578_250,
            next_principal: 5,
            next_schema: 5,
            collation: collation.to_owned(),
            schemas,
            tables: Vec::new(),
            principals,
            permissions: Vec::new(),
        }
    }

    pub(crate) fn new_object(&mut self) -> i64 {
        self.next_object += 16;
        self.next_object
    }

    pub(crate) fn new_principal(&mut self) -> i64 {
        self.next_principal += 1;
        self.next_principal - 1
    }

    pub(crate) fn new_schema(&mut self) -> i64 {
        self.next_schema += 1;
        self.next_schema - 1
    }

    /// Returns whether two names are equal in this database.
    pub(crate) fn same(&self, a: &str, b: &str) -> bool {
        collation::are_equal(&self.collation, a, b)
    }

    pub(crate) fn schema(&self, name: &str) -> Option<&Schema> {
        self.schemas.iter().find(|schema| self.same(&schema.name, name))
    }

    pub(crate) fn schema_name(&self, id: i64) -> &str {
        self.schemas.iter().find(|schema| schema.id == id).map_or("", |schema| &schema.name)
    }

    pub(crate) fn table(&self, schema: i64, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.schema == schema && self.same(&table.name, name))
    }

    pub(crate) fn table_by_id(&self, id: i64) -> Option<&Table> {
        self.tables.iter().find(|table| table.id == id)
    }

    pub(crate) fn table_mut(&mut self, id: i64) -> Option<&mut Table> {
        self.tables.iter_mut().find(|table| table.id == id)
    }

    pub(crate) fn principal(&self, name: &str) -> Option<&Principal> {
        self.principals.iter().find(|principal| self.same(&principal.name, name))
    }

    pub(crate) fn principal_by_id(&self, id: i64) -> Option<&Principal> {
        self.principals.iter().find(|principal| principal.id == id)
    }

    pub(crate) fn principal_mut(&mut self, id: i64) -> Option<&mut Principal> {
        self.principals.iter_mut().find(|principal| principal.id == id)
    }

    /// Returns `schema.table`, for messages.
    pub(crate) fn full_name(&self, table: &Table) -> String {
        format!("{}.{}", self.schema_name(table.schema), table.name)
    }

    /// Returns whether a name is used in a schema; constraints and tables share one namespace.
    pub(crate) fn object_taken(&self, schema: i64, name: &str) -> bool {
        self.tables.iter().filter(|table| table.schema == schema).any(|table| {
            self.same(&table.name, name)
                || table.indexes.iter().any(|index| index.object != 0 && self.same(&index.name, name))
                || table.checks.iter().any(|check| self.same(&check.name, name))
                || table.foreign.iter().any(|foreign| self.same(&foreign.name, name))
                || table.columns.iter().filter_map(|column| column.default.as_ref()).any(|one| self.same(&one.name, name))
        })
    }
}

impl Table {
    /// Returns the table's name in the file.
    pub(crate) fn stored(&self) -> String {
        format!("\"t{}\"", self.id)
    }

    /// Returns the table's constraints: id, name, type.
    pub(crate) fn constraints(&self) -> Vec<(i64, &str, &'static str)> {
        let keys = self
            .indexes
            .iter()
            .filter(|index| index.object != 0)
            .map(|index| (index.object, index.name.as_str(), if index.primary { "PK" } else { "UQ" }));
        let checks = self.checks.iter().map(|check| (check.id, check.name.as_str(), "C"));
        let foreign = self.foreign.iter().map(|foreign| (foreign.id, foreign.name.as_str(), "F"));
        let defaults =
            self.columns.iter().filter_map(|column| column.default.as_ref()).map(|one| (one.id, one.name.as_str(), "D"));
        keys.chain(checks).chain(foreign).chain(defaults).collect()
    }

    pub(crate) fn column_by_id(&self, id: i64) -> Option<&TableColumn> {
        self.columns.iter().find(|column| column.id == id)
    }

    pub(crate) fn column<'a>(&'a self, catalog: &Catalog, name: &str) -> Option<&'a TableColumn> {
        self.columns.iter().find(|column| catalog.same(&column.name, name))
    }
}

impl TableColumn {
    pub(crate) fn kind(&self) -> SqlType {
        types::decode(self.code)
    }

    /// Returns the column's name in the file.
    pub(crate) fn stored(&self) -> String {
        format!("\"c{}\"", self.id)
    }
}
