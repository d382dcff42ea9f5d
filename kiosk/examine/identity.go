package examine

import (
	"fmt"

	"balcao/cardreader/citizencard"
	"balcao/kiosk"
)

// IdentityOf reads the person from the identity file of a card. Nothing is verified. The error wraps
// citizencard.ErrMalformed and names no content.
func IdentityOf(files citizencard.Files) (kiosk.Identity, error) {
	card, err := citizencard.ParseIdentity(files.Generation, files.Identity)
	if err != nil {
		return kiosk.Identity{}, fmt.Errorf("reading identity: %w", err)
	}
	return kiosk.Identity{
		Kind:           kiosk.CitizenCard,
		Generation:     kiosk.CardGeneration(files.Generation),
		Country:        card.Country,
		DocumentNumber: card.DocumentNumber,
		CivilNumber:    card.CivilNumber,
		Surname:        card.Surname,
		GivenNames:     card.GivenNames,
		Sex:            card.Sex,
		Nationality:    card.Nationality,
		BirthDate:      kiosk.Date(card.BirthDate),
		ValidFrom:      kiosk.Date(card.ValidFrom),
		ValidUntil:     kiosk.Date(card.ValidUntil),
		TaxNumber:      card.TaxNumber,
	}, nil
}

// photoGroup is the number of the data group that holds the photograph.
func photoGroup(generation string) int {
	if generation == citizencard.Generation1 {
		return 3
	}
	return 2
}

// identityGroup is the number of the data group that holds the identity.
func identityGroup(generation string) int {
	if generation == citizencard.Generation1 {
		return 1
	}
	return 13
}
