// Package migrations is the centre's database as versioned SQL, run by kiosk/central/schema. A desk
// does not link it; it only compares version numbers.
package migrations

import "embed"

// FS holds 001_….sql and on, in tern's format. A folder has the parts of the migration of its number.
//
//go:embed *.sql */*.sql
var FS embed.FS
