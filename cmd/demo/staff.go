package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"balcao/kiosk/central/cluster"
	"balcao/kiosk/central/schema"
	"balcao/mock-pcsc/fixtures"
)

// addStaff registers the staff cards of the fixtures, as kioskctl staff does: add, and suspend or revoke where the card's
// state says so.
func (d *demo) addStaff(ctx context.Context) error {
	admin := d.cluster.DSN(cluster.Admin, database)
	for _, s := range fixtures.Staff() {
		if s.State == fixtures.StaffUnregistered {
			continue
		}
		err := schema.AddStaff(ctx, admin, schema.Staff{Number: s.Number, Name: s.FullName, Role: s.Role}, s.Certificate)
		switch {
		case err != nil:
		case s.State == fixtures.StaffSuspended:
			err = schema.SuspendStaff(ctx, admin, s.Number)
		case s.State == fixtures.StaffRevoked:
			sum := sha256.Sum256(s.Certificate)
			err = schema.RevokeStaffCard(ctx, admin, hex.EncodeToString(sum[:]))
		}
		if err != nil {
			return fmt.Errorf("registering the staff card %s: %w", s.Name, err)
		}
	}
	return nil
}
