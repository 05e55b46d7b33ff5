namespace Mantle.Emulator.Kms;

/// <summary>An error as KMS answers it (KMS API Reference, "Errors" of each operation and "Common Errors").</summary>
/// <param name="name">The exception's name, which the body has as <c>__type</c>.</param>
/// <param name="message">The text.</param>
/// <param name="status">HTTP status.</param>
public sealed class KmsErrorException(string name, string message, int status = 400) : Exception(message)
{
    /// <summary>For example <c>NotFoundException</c>.</summary>
    public string Name { get; } = name;

    /// <summary>HTTP status.</summary>
    public int Status { get; } = status;

    internal static KmsErrorException Validation(string message) => new("ValidationException", message);

    internal static KmsErrorException MalformedPolicy(string message) => new("MalformedPolicyDocumentException", message);
}
