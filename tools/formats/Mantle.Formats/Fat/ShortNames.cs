using System.Globalization;
using System.Text;

namespace Mantle.Formats.Fat;

/// <summary>Names of the old kind: eight characters, a dot, three characters, upper case.</summary>
internal static class ShortNames
{
    /// <summary>The other half of code page 437, which Linux and mtools assume for short names; for reading only, we write ASCII.</summary>
    private const string UpperHalf =
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

    private const string Specials = "!#$%&'()-@^_`{}~";

    /// <summary>True for a character that a short name may have.</summary>
    public static bool Allows(char c) => c is (>= 'A' and <= 'Z') or (>= '0' and <= '9') || Specials.Contains(c, StringComparison.Ordinal);

    /// <summary>The eleven bytes of a name that needs no long name. False: it needs one.</summary>
    public static bool TryEncode(string name, out string packed)
    {
        int dot = name.LastIndexOf('.');
        string stem = dot < 0 ? name : name[..dot];
        string extension = dot < 0 ? "" : name[(dot + 1)..];
        packed = Pack(stem, extension);
        return stem.Length is > 0 and <= FatFormat.ShortBaseLength
            && extension.Length <= FatFormat.ShortNameLength - FatFormat.ShortBaseLength
            && (dot < 0 || extension.Length > 0)
            && stem.All(Allows) && extension.All(Allows);
    }

    /// <summary>
    /// A short name for each name of a directory, in order: the name itself where it is one, else the name in upper case where that loses nothing,
    /// else its beginning with a number (<c>LONGNA~1.TXT</c>).
    /// </summary>
    public static string[] Assign(IReadOnlyList<string> names)
    {
        string[] packed = new string[names.Count];
        HashSet<string> taken = [];
        for (int i = 0; i < packed.Length; i++)
        {
            if (TryEncode(names[i].ToUpperInvariant(), out string exact) && taken.Add(exact))
            {
                packed[i] = exact;
            }
        }

        Dictionary<string, int> next = [];
        for (int i = 0; i < packed.Length; i++)
        {
            packed[i] ??= Numbered(names[i], taken, next);
        }

        return packed;
    }

    /// <summary>The name as text, with the case flags of <paramref name="flags"/> applied.</summary>
    public static string Decode(ReadOnlySpan<byte> name, byte flags)
    {
        StringBuilder text = new();
        Append(text, name[..FatFormat.ShortBaseLength], (flags & FatFormat.LowerCaseBase) != 0);
        text[0] = name[0] == FatFormat.EscapedE5 ? UpperHalf[FatFormat.Deleted - 0x80] : text[0];
        int end = text.Length;
        Append(text.Append('.'), name[FatFormat.ShortBaseLength..FatFormat.ShortNameLength], (flags & FatFormat.LowerCaseExtension) != 0);
        text.Length = text.Length == end + 1 ? end : text.Length;
        return text.ToString();
    }

    /// <summary>A volume label as text.</summary>
    public static string DecodeLabel(ReadOnlySpan<byte> label)
    {
        StringBuilder text = new();
        Append(text, label[..FatFormat.ShortNameLength], lower: false);
        return text.ToString();
    }

    /// <summary>False for a short name that no system would have written: control characters, separators, a space at its start.</summary>
    public static bool IsSound(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < FatFormat.ShortNameLength; i++)
        {
            byte c = name[i];
            bool escaped = i == 0 && c == FatFormat.EscapedE5;
            if ((c < ' ' && !escaped) || c == 0x7F || (i == 0 && c == ' ') || "\"*+,./:;<=>?[\\]|"u8.Contains(c))
            {
                return false;
            }
        }

        return true;
    }

    private static void Append(StringBuilder text, ReadOnlySpan<byte> padded, bool lower)
    {
        foreach (byte value in padded.TrimEnd((byte)' '))
        {
            char c = value < 0x80 ? (char)value : UpperHalf[value - 0x80];
            text.Append(lower ? char.ToLowerInvariant(c) : c);
        }
    }

    private static string Numbered(string name, HashSet<string> taken, Dictionary<string, int> next)
    {
        string upper = name.TrimStart('.').ToUpperInvariant();
        int dot = upper.LastIndexOf('.');
        string stem = Reduce(dot < 0 ? upper : upper[..dot], FatFormat.ShortBaseLength);
        string extension = Reduce(dot < 0 ? "" : upper[(dot + 1)..], FatFormat.ShortNameLength - FatFormat.ShortBaseLength);
        string family = Pack(stem[..Math.Min(stem.Length, 6)], extension); // what is left before ~1 to ~9
        for (int number = next.GetValueOrDefault(family, 1); ; number++)
        {
            string tail = string.Create(CultureInfo.InvariantCulture, $"~{number}");
            string candidate = Pack(stem[..Math.Min(stem.Length, FatFormat.ShortBaseLength - tail.Length)] + tail, extension);
            if (taken.Add(candidate))
            {
                next[family] = number + 1;
                return candidate;
            }
        }
    }

    private static string Reduce(string text, int length)
    {
        StringBuilder reduced = new(length);
        foreach (char c in text)
        {
            if (c is not ('.' or ' ') && reduced.Length < length)
            {
                reduced.Append(Allows(c) ? c : '_');
            }
        }

        return reduced.ToString();
    }

    private static string Pack(string stem, string extension) => stem.PadRight(FatFormat.ShortBaseLength) + extension.PadRight(3);
}
