package schema

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// MigrateTo migrates to a version, also to an earlier one, which deletes what later ones made.
func MigrateTo(ctx context.Context, conn *pgx.Conn, version int32) error {
	if _, err := conn.Exec(ctx, "set role balcao_owner"); err != nil {
		return fmt.Errorf("becoming the owner of the schema: %w", redact(err))
	}
	m, err := loadMigrations(ctx, conn)
	if err != nil {
		return err
	}
	if err := m.MigrateTo(ctx, version); err != nil {
		return fmt.Errorf("migrating to version %d: %w", version, redact(err))
	}
	_, err = conn.Exec(ctx, "reset role")
	return redact(err)
}
