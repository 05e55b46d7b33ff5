namespace Mantle.ImageBuilder.Signing.Keys;

/// <summary>Where passphrases come from: a terminal or a file descriptor, never an argument or the environment, which others can read.</summary>
public interface IPassphrases
{
    /// <summary>The passphrase of a key. The caller clears it.</summary>
    /// <param name="purpose">What it is for, to be shown.</param>
    /// <exception cref="Mantle.Measure.UserErrorException">There is none to be had.</exception>
    char[] Ask(string purpose);

    /// <summary>A passphrase that is chosen now, and typed twice where somebody types.</summary>
    /// <param name="purpose">What it is for, to be shown.</param>
    /// <exception cref="Mantle.Measure.UserErrorException">There is none to be had, or the two differ.</exception>
    char[] Choose(string purpose);
}
