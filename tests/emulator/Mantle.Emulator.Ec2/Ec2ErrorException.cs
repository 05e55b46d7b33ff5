namespace Mantle.Emulator.Ec2;

/// <summary>An error as EC2 or the EBS direct APIs answer it (EC2 API Reference, "Error codes"; EBS direct APIs Reference, "Errors" of each operation).</summary>
/// <param name="name">The code or exception name.</param>
/// <param name="message">The text.</param>
/// <param name="status">HTTP status.</param>
/// <param name="reason">The member <c>Reason</c> that some errors of the EBS direct APIs have.</param>
public sealed class Ec2ErrorException(string name, string message, int status = 400, string? reason = null) : Exception(message)
{
    public string Name { get; } = name;

    public int Status { get; } = status;

    public string? Reason { get; } = reason;

    internal static Ec2ErrorException Validation(string message, string reason) => new("ValidationException", message, 400, reason);

    internal static Ec2ErrorException NoSnapshot(string id) => new("ResourceNotFoundException", $"The snapshot '{id}' does not exist.", 404, "SNAPSHOT_NOT_FOUND");
}
