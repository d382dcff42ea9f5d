package schema

// MigrateTo is for tests that go back.
var MigrateTo = migrateTo
