package drawer_test

import (
	"testing"

	"balcao/mock-pcsc/drawer"
)

func TestEveryCardCanBeMade(t *testing.T) {
	d, err := drawer.Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range d.Entries() {
		if _, err := d.Card(e.Name); err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
	}
}
