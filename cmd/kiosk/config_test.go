package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A key that a desk had once says where the setting went.
func TestLoadConfig_Moved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kiosk.toml")
	if err := os.WriteFile(path, []byte("min_age = 18\nmin_aeg = 18\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := loadConfig(path)
	if err == nil || !strings.Contains(err.Error(), "min_age: the centre sets it") || !strings.Contains(err.Error(), `unknown key "min_aeg"`) {
		t.Errorf("got %v", err)
	}
}
