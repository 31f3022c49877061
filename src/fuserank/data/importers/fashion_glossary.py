"""English words of the fashion catalogue in Chinese, as shops write them. Translated by hand for this importer.

Keys of the title tables are in lower case, several words joined by single spaces; `fashion_chinese` applies them.
"""

from __future__ import annotations

# Attribute values of the query tuples; queries are worded from these.
COLOURS = {
    "Beige": "米色", "Black": "黑色", "Blue": "蓝色", "Brown": "棕色", "Charcoal": "炭灰色", "Copper": "古铜色",
    "Cream": "奶油色", "Gold": "金色", "Green": "绿色", "Grey": "灰色", "Khaki": "卡其色", "Magenta": "品红色",
    "Maroon": "酒红色", "Multi": "多色", "Navy Blue": "海军蓝", "Off White": "米白色", "Olive": "橄榄绿", "Orange": "橙色",
    "Peach": "桃色", "Pink": "粉色", "Purple": "紫色", "Red": "红色", "Silver": "银色", "Steel": "钢色", "Tan": "棕褐色",
    "White": "白色", "Yellow": "黄色",
}  # fmt: skip
GENDERS = {
    "Men": "男士", "Women": "女士", "Boys": "男童", "Girls": "女童", "Unisex": "男女通用",
}  # fmt: skip
USAGES = {
    "Casual": "休闲", "Ethnic": "民族风", "Formal": "正装", "Smart Casual": "商务休闲", "Sports": "运动",
}  # fmt: skip
TYPES = {
    "Backpacks": "双肩包", "Belts": "腰带", "Caps": "棒球帽", "Capris": "七分裤", "Casual Shoes": "休闲鞋", "Clutches": "手拿包",
    "Cufflinks": "袖扣", "Deodorant": "香体剂", "Dresses": "连衣裙", "Duffel Bag": "旅行袋", "Flats": "平底鞋",
    "Flip Flops": "人字拖", "Formal Shoes": "正装鞋", "Fragrance Gift Set": "香水礼盒", "Gloves": "手套", "Handbags": "手提包",
    "Heels": "高跟鞋", "Jackets": "夹克", "Jeans": "牛仔裤", "Kurtas": "库尔塔长衫", "Kurtis": "库尔蒂上衣",
    "Laptop Bag": "电脑包", "Leggings": "打底裤", "Messenger Bag": "邮差包", "Mobile Pouch": "手机袋", "Mufflers": "围巾",
    "Perfume and Body Mist": "香水和身体喷雾", "Sandals": "凉鞋", "Scarves": "丝巾", "Shirts": "衬衫",
    "Shoe Accessories": "鞋配件", "Shorts": "短裤", "Skirts": "半身裙", "Socks": "袜子", "Sports Sandals": "运动凉鞋",
    "Sports Shoes": "运动鞋", "Stockings": "长筒袜", "Sunglasses": "太阳镜", "Sweaters": "毛衣", "Sweatshirts": "卫衣",
    "Ties": "领带", "Tops": "上衣", "Track Pants": "运动裤", "Tracksuits": "运动套装", "Travel Accessory": "旅行配件",
    "Trousers": "长裤", "Tshirts": "T恤", "Tunics": "束腰上衣", "Umbrellas": "雨伞", "Wallets": "钱包", "Watches": "手表",
}  # fmt: skip

# Words that titles use besides. A name made of such words stays as it is.
NAMES = (
    "arrow sport", "beach brights", "doodle boy", "flying machine", "little miss", "mother earth", "mr men", "mr.men", "new hide",
    "palm tree girls", "palm tree kids", "pink floyd", "pink panther", "red chief", "red tape", "sports 52 wear",
    "united colors of benetton", "us polo assn", "warner bros kids", "white house", "indigo nation", "black coffee", "blue star",
    "new balance", "kids ville", "urban yoga",
)  # fmt: skip
TITLE_COLOURS = {
    "aqua": "水蓝色", "bronze": "青铜色", "burgundy": "勃艮第红", "camel": "驼色", "coffee": "咖啡色", "gray": "灰色",
    "fuchsia": "玫红色", "indigo": "靛蓝色", "lavender": "淡紫色", "lime": "青柠绿", "mauve": "淡紫红", "mint": "薄荷绿",
    "multicolour": "多色", "multi coloured": "多色", "mustard": "芥末黄", "navy": "藏青色", "nude": "裸色", "rose": "玫瑰色",
    "rust": "铁锈色", "sea green": "海绿色", "skin": "肤色", "sky blue": "天蓝色", "taupe": "灰褐色", "teal": "蓝绿色",
    "turquoise": "绿松石色", "turquoise blue": "绿松石蓝", "violet": "紫罗兰色", "wine": "葡萄酒红", "coffee brown": "咖啡棕",
    "grey melange": "麻灰色", "light blue": "浅蓝色", "dark blue": "深蓝色", "light grey": "浅灰色", "dark grey": "深灰色",
}  # fmt: skip
TITLE_GENDERS = {
    "man": "男士", "woman": "女士", "boy": "男童", "girl": "女童", "kid": "儿童", "kids": "儿童", "mens": "男士",
    "womens": "女士", "ladies": "女士",
}  # fmt: skip
TITLE_TYPES = {
    "backpack": "双肩包", "bag": "包", "bags": "包", "ballerina": "芭蕾鞋", "beanie": "毛线帽", "belt": "腰带", "boots": "靴子",
    "bracelet": "手链", "cap": "棒球帽", "capri": "七分裤", "cardigan": "开衫", "casual shoe": "休闲鞋", "chinos": "休闲裤",
    "churidar": "紧身裤", "clutch": "手拿包", "cufflink": "袖扣", "deo": "香体剂", "dress": "连衣裙", "duffle bag": "旅行袋",
    "dupatta": "披巾", "eyewear": "眼镜", "flat": "平底鞋", "flip flop": "人字拖", "footballs": "足球", "formal shoe": "正装鞋",
    "gift set": "礼盒", "handbag": "手提包", "hat": "帽子", "headband": "发带", "heel": "高跟鞋", "hoodie": "连帽卫衣",
    "jacket": "夹克", "jean": "牛仔裤", "jersey": "球衣", "jerseys": "球衣", "kurta": "库尔塔长衫", "kurti": "库尔蒂上衣",
    "kurta set": "库尔塔套装", "legging": "打底裤", "muffler": "围巾", "necklace": "项链", "pant": "裤子", "pants": "裤子",
    "perfume": "香水", "perfumes": "香水", "pouch": "小袋", "pullover": "套头衫", "pumps": "浅口鞋", "rucksack": "登山包",
    "sandal": "凉鞋", "scarf": "丝巾", "shirt": "衬衫", "shoe": "鞋", "shoes": "鞋", "short": "短裤", "short sleeve": "短袖",
    "shrug": "短外套", "skirt": "半身裙", "slipper": "拖鞋", "slippers": "拖鞋", "sling bag": "斜挎包", "sneakers": "板鞋",
    "sock": "袜子", "sports shoe": "运动鞋", "sports sandal": "运动凉鞋", "stocking": "长筒袜", "stole": "披肩", "stoles": "披肩",
    "sweater": "毛衣", "sweatshirt": "卫衣", "swimwear": "泳装", "t shirt": "T恤", "t shirts": "T恤", "tee": "T恤", "tees": "T恤",
    "tie": "领带", "tights": "紧身裤", "top": "上衣", "track pant": "运动裤", "tracksuit": "运动套装", "trouser": "长裤",
    "tshirt": "T恤", "tunic": "束腰上衣", "umbrella": "雨伞", "waistcoat": "马甲", "wallet": "钱包", "watch": "手表",
    "wedges": "坡跟鞋", "shoe laces": "鞋带", "body mist": "身体喷雾",
}  # fmt: skip
TITLE_LOOKS = {
    "analogue": "指针式", "assorted": "混色", "canvas": "帆布", "check": "格子", "checked": "格子", "checks": "格子",
    "chronograph": "计时", "classic": "经典", "cotton": "棉质", "cricket": "板球", "denim": "牛仔布", "design": "设计",
    "dial": "表盘", "digital": "电子", "floral": "碎花", "football": "足球", "frame": "镜框", "graphic": "图案", "knit": "针织",
    "knitted": "针织", "laptop": "电脑", "leather": "真皮", "leatherette": "人造革", "logo": "标志", "mini": "迷你",
    "mobile": "手机", "new": "新款", "polka": "波点", "print": "印花", "printed": "印花", "running": "跑步", "silk": "真丝",
    "slim fit": "修身", "soccer": "足球", "solid": "纯色", "sport": "运动", "strap": "表带", "stripe": "条纹", "striped": "条纹",
    "stripes": "条纹", "summer": "夏季", "tennis": "网球", "training": "训练", "travel": "旅行", "washed": "水洗",
    "winter": "冬季", "yoga": "瑜伽",
}  # fmt: skip
