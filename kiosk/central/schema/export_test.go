package schema

// MigrateTo is for tests of upgrades: it stops at an earlier version.
var MigrateTo = migrate
