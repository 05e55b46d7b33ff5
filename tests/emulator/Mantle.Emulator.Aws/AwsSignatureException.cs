namespace Mantle.Emulator.Aws;

/// <summary>A request that nobody known has signed.</summary>
/// <param name="name">The error's name in JSON protocols; others have names of their own.</param>
/// <param name="message">The text.</param>
public sealed class AwsSignatureException(string name, string message) : Exception(message)
{
    /// <summary>For example <c>InvalidSignatureException</c>.</summary>
    public string Name { get; } = name;
}
