using Mantle.ImageBuilder.Signing.Keys;

namespace Mantle.ImageBuilder.Tests.Signing;

/// <summary>Passphrases of a test, and how often they were asked for.</summary>
internal sealed class GivenPassphrases(params string[] passphrases) : IPassphrases
{
    public int Asked { get; private set; }

    public char[] Ask(string purpose) => passphrases[Asked++].ToCharArray();

    public char[] Choose(string purpose) => Ask(purpose);
}
