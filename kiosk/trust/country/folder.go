package country

import (
	"errors"
	"slices"

	"balcao/kiosk/trust"
)

// CheckFolder loads a trust folder, its Citizen Card authorities too, and returns everything that is wrong with it, each
// file by its name.
func CheckFolder(dir string) error {
	var problems []error
	store, err := trust.Load(dir)
	if err != nil {
		problems = append(problems, err)
	}
	authorities, err := Load(dir)
	if err != nil {
		problems = append(problems, err)
	}
	for _, bad := range slices.Concat(store.BadFiles(), authorities.BadFiles()) {
		problems = append(problems, bad)
	}
	return errors.Join(problems...)
}
