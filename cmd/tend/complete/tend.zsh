#compdef tend
compdef _tend tend

# Completion of tend for zsh. What is typed is handed to tend as words and never evaluated.
_tend()
{
    local said line word about how typed=${(Q)PREFIX} tend=${words[1]/#\~\//$HOME/}
    local -a found opts
    whence "$tend" >/dev/null || tend=tend # an alias
    said=$(TEND_ACTIVE_HELP=0 "$tend" __complete "${(@Q)words[2,CURRENT-1]}" "$typed" 2>/dev/null) || return 1
    how=${said##*:}
    [[ $typed == -*=* ]] && compset -P 1 '*='
    for line in "${(@f)said%:*}"; do
        [[ -z $line ]] && continue
        word=${line%%$'\t'*} about=${line#*$'\t'}
        [[ $line == *$'\t'* ]] && about=":$about" || about=""
        found+=("${${word//\\/\\\\}//:/\\:}$about")
    done
    ((how & 2)) && opts+=(-S "")
    if ((${#found})); then
        _describe -t words "tend" found "${opts[@]}"
    elif ((how & 16)); then
        _files -/
    elif ((how & 4)); then
        return 1
    else
        _files
    fi
}

# When it is loaded as a file of $fpath, this call is the first completion; when it is sourced, nothing is to be done yet.
if [[ $funcstack[1] == _tend ]]; then
    _tend
fi
