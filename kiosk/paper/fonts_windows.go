package paper

import "golang.org/x/sys/windows"

// FontFolder is where Windows has Segoe UI, of which every edition has Latin and Cyrillic.
var FontFolder = func() string {
	folder, err := windows.KnownFolderPath(windows.FOLDERID_Fonts, windows.KF_FLAG_DEFAULT)
	if err != nil {
		folder = `C:\Windows\Fonts`
	}
	return folder
}()

const (
	fontRegular = "segoeui.ttf"
	fontBold    = "segoeuib.ttf"
	fontItalic  = "segoeuii.ttf"
	fontSource  = "Segoe UI, of Windows"
)
