# Completion for kioskctl(1). Commands and flags are read from its own help.
_kioskctl() {
  local cur=${COMP_WORDS[COMP_CWORD]} words=() i help
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} == [a-z]* ]] && words+=("${COMP_WORDS[i]}")
  done
  help=$(kioskctl "${words[@]:0:1}" --help 2>&1 </dev/null)
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "--help $(grep -oE -- '(^|[][ (,|])--?[a-z][a-z-]+' <<<"$help" | tr -d '][ (,|')" -- "$cur"))
  elif [[ ${#words[@]} -lt 2 && $help == "Usage: kioskctl ${words[0]:+${words[0]} }COMMAND"* ]]; then
    # "  suspend NAME, resume NAME" are two.
    COMPREPLY=($(compgen -W "$(sed -nE 's/^  ([a-z]+)([ ,].*)?$/\1\2/p' <<<"$help" |
      sed -E 's/^([a-z]+) [A-Z]+, ([a-z]+) [A-Z]+$/\1 \2/; t; s/[ ,].*//')" -- "$cur"))
  elif [[ ${#words[@]} -eq 1 ]]; then # "Usage: kioskctl trust import FILE…"
    COMPREPLY=($(compgen -W "$(sed -nE "s/^(Usage:|      ) kioskctl ${words[0]} \[?([a-z]+).*/\2/p" <<<"$help")" -- "$cur"))
  fi
}
complete -o bashdefault -o default -F _kioskctl kioskctl
