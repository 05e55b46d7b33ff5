using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace Mantle.Emulator.Ec2.Wire;

/// <summary>What goes back.</summary>
internal sealed record Answer(int Status, string ContentType, ReadOnlyMemory<byte> Body)
{
    private static readonly XNamespace s_namespace = "http://ec2.amazonaws.com/doc/2016-11-15/";

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public static Answer Json(int status, JsonObject body) => new(status, "application/json", Encoding.UTF8.GetBytes(body.ToJsonString()));

    public static Answer RestError(Ec2ErrorException e)
    {
        JsonObject body = new() { ["Message"] = e.Message };
        if (e.Reason is not null)
        {
            body["Reason"] = e.Reason;
        }

        return Json(e.Status, body) with { Headers = [("x-amzn-ErrorType", e.Name)] };
    }

    /// <summary>The answer of a query operation: elements below <c>OPERATIONResponse</c>.</summary>
    public static Answer Query(string operation, params IEnumerable<object> content)
    {
        XElement root = new("root", new XElement("requestId", Guid.NewGuid()), content);
        return new(200, "text/xml;charset=UTF-8", Encoding.UTF8.GetBytes("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + Qualify(root, operation + "Response").ToString(SaveOptions.DisableFormatting)));
    }

    public static Answer QueryError(Ec2ErrorException e) => new(e.Status, "text/xml;charset=UTF-8", Encoding.UTF8.GetBytes(
        new XElement("Response", new XElement("Errors", new XElement("Error", new XElement("Code", e.Name), new XElement("Message", e.Message))), new XElement("RequestID", Guid.NewGuid())).ToString()));

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'.000Z'", CultureInfo.InvariantCulture);

    private static XElement Qualify(XElement element, string name) =>
        new(s_namespace + name, element.Nodes().Select(node => node is XElement child ? Qualify(child, child.Name.LocalName) : node));
}
