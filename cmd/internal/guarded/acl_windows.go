package guarded

import (
	"fmt"
	"io/fs"
	"slices"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Rights in an access list ([MS-DTYP] 2.4.3; of files and folders: winnt.h). Who may change the list or the owner may
// give themselves every other right.
const (
	readData        = 0x1
	writeData       = 0x2 // of a folder: make files
	appendData      = 0x4 // of a folder: make folders
	deleteChild     = 0x40
	writeAttributes = 0x100 // makes a folder a junction

	takes    = windows.WRITE_DAC | windows.WRITE_OWNER | windows.GENERIC_ALL
	reads    = takes | readData | windows.GENERIC_READ
	changes  = takes | writeData | appendData | deleteChild | writeAttributes | windows.DELETE | windows.GENERIC_WRITE
	replaces = takes | deleteChild | windows.DELETE
)

// trusted are who may do everything on a Windows computer, beside this program's user: administrators, the system,
// and its installer of updates, the service TrustedInstaller.
var trusted = []string{"S-1-5-32-544", "S-1-5-18", "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"}

// unread refuses a file that others may read or write, or that is another's.
func unread(path string, _ fs.FileInfo) error {
	if how := deny(path, reads|changes, true); how != "" {
		return fmt.Errorf("%s may be read by others: icacls \"%s\" %s", path, path, how)
	}
	return nil
}

// cure is the command that keeps others from changing a file or folder; "" when they cannot. With a folder dir it is
// about everything in that.
func cure(path string, _ fs.FileInfo, dir string) string {
	how := deny(path, changes, true)
	if how == "" {
		return ""
	}
	if dir != "" {
		path, how = dir, how+" /t"
	}
	return fmt.Sprintf("icacls \"%s\" %s", path, how)
}

// closing is the command that keeps others from replacing what is in a folder; "" when they cannot.
func closing(dir string, _ fs.FileInfo) string {
	if how := deny(dir, replaces, false); how != "" {
		return fmt.Sprintf("icacls \"%s\" %s", dir, how)
	}
	return ""
}

// deny returns the flags with which icacls takes the rights from the first of others who has them, or the file from
// an owner who is none of ours; "" when only ours have them. What cannot be read counts as open.
func deny(path string, rights windows.ACCESS_MASK, andOwner bool) string {
	const reset = "/reset" // what its folder says
	about, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT,
		windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return reset
	}
	owner, _, err := about.Owner()
	if err != nil || andOwner && !isOurs(owner) {
		return "/setowner *" + trusted[0]
	}
	list, _, err := about.DACL()
	if err != nil || list == nil { // without a list everybody may do everything
		return reset
	}
	for i := range uint32(list.AceCount) {
		var entry *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, i, &entry); err != nil {
			return reset
		}
		switch {
		case entry.Header.AceType == windows.ACCESS_DENIED_ACE_TYPE, entry.Header.AceFlags&windows.INHERIT_ONLY_ACE != 0:
		case entry.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE:
			return reset // grants something under conditions that are not known here
		case entry.Mask&rights != 0:
			who := (*windows.SID)(unsafe.Pointer(&entry.SidStart)) //nolint:gosec // the entry ends with it
			if !isOurs(who) && who.String() != "S-1-3-4" {         // whoever owns it, of whom was asked above
				return "/inheritance:d /remove:g *" + who.String()
			}
		}
	}
	return ""
}

// isOurs reports whether somebody is this program's user or among the trusted.
func isOurs(who *windows.SID) bool {
	if user, err := windows.GetCurrentProcessToken().GetTokenUser(); err == nil && user.User.Sid.Equals(who) {
		return true
	}
	return slices.Contains(trusted, who.String())
}
