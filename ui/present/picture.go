package present

// Picture names a drawing.
type Picture int

const (
	PictureCard      Picture = iota + 1 // Citizen Card, with its contacts
	PictureCover                        // passport, closed
	PictureResidence                    // residence permit or card
	PicturePassport                     // passport's page with the photograph: the zone is marked
	PictureCardBack                     // back of a residence permit: the zone is marked
	PictureCAN                          // its front: the card access number is marked
)
