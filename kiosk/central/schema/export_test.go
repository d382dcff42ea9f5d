package schema

// DropAll is for the test that the migrations go down.
var DropAll = dropAll
