package fonts

import (
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"golang.org/x/sys/windows"
)

// Scripts lists them. Nirmala UI has the scripts of India; Windows 11 has it as a collection, of which it is the first
// font. Microsoft YaHei is for simplified Chinese, and likewise the first of its collection.
var Scripts = []*Script{
	{"Devanagari", "Hindi", nirmala, 0, unicode.Devanagari},
	{"Bengali", "Bengali", nirmala, 0, unicode.Bengali},
	{"Han", "Chinese (Simplified)", [2]string{font("msyh.ttc"), font("msyhbd.ttc")}, 0, han},
}

var nirmala = func() [2]string {
	if _, err := os.Stat(font("Nirmala.ttc")); err == nil {
		return [2]string{font("Nirmala.ttc"), font("NirmalaB.ttc")}
	}
	return [2]string{font("Nirmala.ttf"), font("NirmalaB.ttf")}
}()

func font(file string) string {
	folder, err := windows.KnownFolderPath(windows.FOLDERID_Fonts, windows.KF_FLAG_DEFAULT)
	if err != nil {
		folder = `C:\Windows\Fonts`
	}
	return filepath.Join(folder, file)
}

// Cure says how an administrator gets what Missing named.
func Cure(missing []string) string {
	return "Add the language in Settings › Time & language: " + strings.Join(missing, ", ")
}
