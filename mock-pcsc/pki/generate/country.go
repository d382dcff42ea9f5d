package main

import (
	"crypto"

	"balcao/mock-pcsc/pki"
)

// makeCountries makes the authorities that sign travel documents, and the keys of chips.
func makeCountries(out string) error {
	made := map[string]*pki.CountryAuthority{}
	keys := map[string]crypto.Signer{}
	for _, spec := range pki.Countries() {
		key, ok := keys[spec.Key] // a link certificate is for a key that is there already
		if !ok {
			var err error
			if key, err = makeKey(out, spec.Key, spec.KeyKind); err != nil {
				return err
			}
			keys[spec.Key] = key
		}
		authority, err := pki.NewCountryAuthority(spec, key, made[spec.Issuer])
		if err != nil {
			return err
		}
		made[spec.Slug] = authority
		if err := write(out, spec.Path(), authority.Certificate); err != nil {
			return err
		}
	}
	for name, kind := range pki.TravelKeys() {
		if _, err := makeKey(out, "cards/"+name, kind); err != nil {
			return err
		}
	}
	return nil
}
