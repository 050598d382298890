# Sourced at the root of the checkout by what installs and builds: refuse a path that some tool cannot work in,
# before anything is fetched. Vite cuts a path at "#" and "?", Node misreads "%" and a backslash, PATH ends at ":";
# the first lines of installed programs cannot hold quotes, "$" and "`"; the rest are patterns to one tool or another.
refuse_odd_path() {
    place="$(pwd -P)x" # Node and Python follow links; the letter keeps a line end at the end
    place=${place%x}
    odd=$(printf '%s' "$place" | LC_ALL=C tr -cd '#?%\\:"$`*[]{}<>|')
    case $place in
    *[[:cntrl:]]*) odd="${odd:+$odd and }an invisible character" ;;
    esac
    [ -n "$odd" ] || return 0
    printf '%s\n' "Stemma cannot be set up in $(printf '%s' "$place" | tr '[:cntrl:]' '?'): its path holds $odd" \
        'Its tools misread a path with any of # ? % \ : " $ ` * [ ] { } < > | in it. Move the checkout, or clone it, into a folder' \
        'without them (spaces and letters of all alphabets do no harm), and start again there. Nothing was installed.' >&2
    exit 2
}
refuse_odd_path
