package cardreader

import (
	"fmt"

	"github.com/ebfe/scard"
)

// List names the readers there are now, in PC/SC's order; none is no error. For programs that do one
// thing and end; those that stay use Watch. The error is ErrServiceGone when pcscd cannot be reached,
// and Diagnose tells why.
func List() ([]string, error) {
	pc, err := scard.EstablishContext()
	if err != nil {
		return nil, fmt.Errorf("listing readers: %w", classify(err))
	}
	defer func() { _ = pc.Release() }()
	names, err := listReaders(pc)
	if err != nil {
		return nil, fmt.Errorf("listing readers: %w", classify(err))
	}
	return names, nil
}
